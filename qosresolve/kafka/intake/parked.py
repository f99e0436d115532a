"""Parked observations as records: what goes to their topic, and what comes back from it."""

import zlib

from qosresolve.contracts.records import Contracts
from qosresolve.errors import PoisonRecordError
from qosresolve.intake.parking import ForeignHeader, Parked, Waiting
from qosresolve.kafka.dead_letters import Origin, size_of

KEPT_BYTES = 65_536  # of an original, for all its observations together
MOST_BYTES = 900_000  # of an observation: with the rest of its record, what any topic takes
RETRY = "qosresolve.retry"  # header of a record on our foreign topic: the key of what is to be read again


def kept(came: Origin, parts: int) -> Origin:
    """Return as much of an original as is kept beside each of its observations."""
    if size_of(came.key, came.value, came.headers) * parts <= KEPT_BYTES:
        return came
    return Origin(came.topic, came.partition, came.offset, None, None, ())


def foreign_headers(came: Origin) -> tuple[ForeignHeader, ...]:
    """Return an original's headers as they are parked."""
    return tuple(ForeignHeader(name, value) for name, value in came.headers)


def packed(contracts: Contracts, parked: Parked) -> tuple[bytes, Waiting]:
    """Return a parked record's bytes, and what is at hand of it."""
    value = contracts.write_as("parked", parked)
    return value, waiting(parked, value)


def refuse_large(observation: bytes) -> None:
    """Refuse what no record of the parked topic would hold. Raises PoisonRecordError."""
    if len(observation) > MOST_BYTES:
        raise PoisonRecordError(
            f"an observation of {len(observation)} bytes cannot wait for the inventory",
            stage="size",
            remedy="send shorter texts, or tell the inventory of the object first, then redrive",
        )


def waiting(parked: Parked, value: bytes) -> Waiting:
    """Return what is at hand of a parked record."""
    return Waiting(
        parked.record_key,
        parked.order,
        parked.parked_at,
        parked.reason,
        parked.after,
        parked.queue,
        parked.awaited,
        zlib.compress(value, 1),
    )


def unpacked(contracts: Contracts, item: Waiting) -> Parked:
    """Return the record of what waits."""
    return contracts.read_as("parked", Parked, zlib.decompress(item.packed))


def origin_of(parked: Parked) -> Origin:
    """Return the original of a parked record; where it was too large to be kept, what was read from it."""
    headers = [(header.name, header.value) for header in parked.headers]
    value = parked.original
    if value is None:
        value = parked.observation
        headers = [(OBSERVATION, b"the original was too large to be kept, this is what was read from it")]
    return Origin(parked.topic, parked.partition, parked.offset, parked.key, value, headers)


OBSERVATION = "qosresolve.observation"  # header of a dead letter that holds an observation, not the original
