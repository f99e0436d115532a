"""What the parts of intake share: what is given to all partitions, and what one record brings along."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import Message

from qosresolve.contracts.records import Contracts
from qosresolve.core.record import record
from qosresolve.errors import PoisonRecordError
from qosresolve.intake.inventory import Relation
from qosresolve.intake.reading import Reading
from qosresolve.intake.skew import Clocks
from qosresolve.kafka.incoming import Pairs
from qosresolve.kafka.outputs import Headers
from qosresolve.topics import Names

FROM = "foreign"  # header of an event: where the payload lay

Read = Callable[[str, Pairs, bytes], Reading]
Errors = list[PoisonRecordError]


@dataclass(frozen=True, slots=True)
class Shared:
    """What all partitions of an intake share."""

    partitions: int
    names: Names
    contracts: Contracts
    formats: Mapping[str, str]  # by full name of the topic
    read: Read
    relations: Callable[[Sequence[str]], tuple[Relation, ...]]
    clocks: Clocks
    wall_ms: Callable[[], int]
    fold_ms: int
    parked_ms: int
    parked_limit: int
    batch_records: int
    dead_letter_limit: int


@record
class Came:
    """One record that is being taken: when the broker had it, what to pass on, and how many parts it has."""

    message: Message
    at: int
    headers: Headers
    parts: int
    format: str
    errors: Errors  # of its parts


def passed_on(place: str, trace: str | None) -> Headers:
    """Return what an event carries: where its payload lay, and the trace that it belongs to."""
    came = (FROM, place.encode())
    return [came, ("traceparent", trace.encode())] if trace else [came]
