"""The events that every contender reads: seeded, and kept in a file until they would be others.

Each product has troubles: raised, updated, abated, raised again; 15 % of all raise, 75 % update, 10 %
abate. What a source says is fresh when it arrives, so the instants in the file are moved when it is sent.
"""

import hashlib
import json
import random
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from qosresolve.contracts import schemas
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Degradation
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.kafka.murmur import partition_of

CACHE = Path(__file__).parents[3] / ".cache" / "bench"
PARTITIONS = 12
RAISES, ABATES = 0.15, 0.10  # of all events; the rest are updates
HOT_PRODUCTS, HOT_EVENTS = 0.01, 0.90
EVERY_MS = 0.1  # between events, by their own instants
WORSE = 0.05  # updates that bring another severity
BASE_MS = 1_767_225_600_000  # 2026-01-01; 6 bytes in Avro, as is every instant from 2004 to 2039
_INSTANT = 6
_VERSION = "1"  # of what is made here
_HEAD = struct.Struct("<BBHH")
_TIERS = ("platinum", "gold", "silver", "bronze")
_INDICATORS = ("latency", "jitter", "packetLoss", "throughput", "availability")
_SEVERITIES = (Severity.MAJOR, Severity.CRITICAL)  # which open a report of any indicator
_KINDS = (DegradationKind.RAISE, DegradationKind.UPDATE, DegradationKind.ABATE)


@dataclass(frozen=True)
class Shape:
    """What the events are like; equal shapes are equal bytes."""

    events: int = 300_000
    products: int = 10_000
    shape: str = "even"  # or hot: 1 % of the products have 90 % of the events
    seed: int = 1

    def fingerprint(self) -> str:
        """Return what tells these events from others, the schema that they are written with included."""
        told = json.dumps([asdict(self), _VERSION, schemas.current("degradation").fingerprint.hex()])
        return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


class Event(NamedTuple):
    """One event as it goes over the wire; `instant` is where its source's time lies in the bytes."""

    product: str
    kind: DegradationKind
    instant: int
    value: bytes

    @property
    def partition(self) -> int:
        """Return where it belongs."""
        return partition_of(self.product, PARTITIONS)

    def moved(self, by_ms: int) -> bytes:
        """Return the bytes with a later instant of the source."""
        return self.at(_read_long(self.value[self.instant : self.instant + _INSTANT]) + by_ms)

    def at(self, instant_ms: int) -> bytes:
        """Return the bytes with another instant of the source."""
        return self.value[: self.instant] + _long(instant_ms) + self.value[self.instant + _INSTANT :]


def shift_to(events: list[Event], now_ms: int) -> int:
    """Return by how much to move the events, so that the last one is of now."""
    return now_ms - BASE_MS - int(len(events) * EVERY_MS)


def prepared(shape: Shape, cache: Path = CACHE) -> list[Event]:
    """Return the events of a shape, from the file that an earlier run left if there is one."""
    path = cache / f"{shape.fingerprint()}.events"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            for event in made(shape):
                _write(file, event)
        part.replace(path)
    return list(_read(path.read_bytes()))


def made(shape: Shape) -> Iterator[Event]:
    """Yield the events of a shape."""
    rng, contracts = random.Random(shape.seed), Contracts(SingleObjectCodec())
    degraded: dict[int, Severity] = {}
    weights = _weights(shape)
    for sequence, number in enumerate(_products(shape, rng), 1):
        before = degraded.get(number)
        kind = rng.choices(_KINDS, weights)[0] if before else DegradationKind.RAISE
        if before is None or kind is DegradationKind.RAISE or rng.random() < WORSE:
            severity = rng.choice(_SEVERITIES)
        else:
            severity = before
        if kind is DegradationKind.ABATE:
            degraded.pop(number)
        else:
            degraded[number] = severity
        yield _event(contracts, number, sequence, (kind, severity), rng)


def _weights(shape: Shape) -> tuple[float, float, float]:
    """Return how often what is bad is raised again, updated and abated, so that the whole has its mix.

    What is good can only be raised: each product once, and again after each abatement.
    """
    bad = 1 - ABATES - min(RAISES, shape.products / shape.events)
    again = max(0.0, RAISES - (1 - bad))
    return again / bad, 1 - (again + ABATES) / bad, ABATES / bad


def _products(shape: Shape, rng: random.Random) -> Iterator[int]:
    """Yield a product's number for each event."""
    hot = max(1, int(shape.products * HOT_PRODUCTS))
    for _ in range(shape.events):
        if shape.shape == "even":
            yield rng.randrange(shape.products)
        else:
            yield rng.randrange(hot) if rng.random() < HOT_EVENTS else rng.randrange(hot, shape.products)


def _event(
    contracts: Contracts,
    number: int,
    sequence: int,
    said: tuple[DegradationKind, Severity],
    rng: random.Random,
) -> Event:
    product, observed = f"P{number:07}", BASE_MS + int(sequence * EVERY_MS)
    kind, severity = said
    event = Degradation(
        product_id=product,
        event_id=f"probe-{sequence:09}",
        source="performance-monitoring",
        sequence=sequence,
        kind=kind,
        indicator=_INDICATORS[number % len(_INDICATORS)],
        object_id=f"service-{number:07}",
        object_kind=ObjectKind.SERVICE,
        severity=severity,
        observed_at=observed,
        value=f"{rng.randrange(100, 1_000)}.{rng.randrange(10)}",
        threshold="100",
        unit="ms",
        customer_id=f"customer-{number // 10:06}",
        tier=_TIERS[number // 7 % len(_TIERS)],
        site=f"site-{number % 97:03}",
        offering="leased-line",
    )
    return event_of(contracts, event)


def event_of(contracts: Contracts, event: Degradation) -> Event:
    """Return an event as it goes over the wire; its instant has to be one of six bytes."""
    value = contracts.write_input(event)[1]
    return Event(event.product_id, event.kind, value.index(_long(event.observed_at)), value)


# -- Avro's long, and the file


def _long(value: int) -> bytes:
    """Return a number of six bytes as Avro writes it."""
    rest = value << 1
    return bytes(rest >> 7 * at & 0x7F | (0x80 if at < _INSTANT - 1 else 0) for at in range(_INSTANT))


def _read_long(data: bytes) -> int:
    return sum((byte & 0x7F) << 7 * at for at, byte in enumerate(data)) >> 1


def _write(file: BinaryIO, event: Event) -> None:
    product = event.product.encode()
    file.write(_HEAD.pack(len(product), _KINDS.index(event.kind), event.instant, len(event.value)))
    file.write(product + event.value)


def _read(data: bytes) -> Iterator[Event]:
    at = 0
    while at < len(data):
        named, kind, instant, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        product, at = data[at : at + named].decode(), at + named
        yield Event(product, _KINDS[kind], instant, data[at : at + length])
        at += length
