"""Records that cannot be taken: the same bytes on the dead-letter topic, provenance in headers.

Header names are Kafka Connect's. Neither the payload nor an exception's text that could quote it goes into a
log line or a header.
"""

from typing import cast

from confluent_kafka import Message

from qosresolve.core.facts import DeadLettered
from qosresolve.core.ids import body_digest
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka.outputs import Output
from qosresolve.topics import DEAD_LETTERS, Names

PREFIX = "__connect.errors."


def dead_letter(names: Names, message: Message, error: PoisonRecordError) -> Output:
    """Return the dead letter of a record, byte-identical in key, value and headers."""
    provenance = {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "connector.name": "qosresolve",
        "stage": error.stage,
        "exception.class.name": type(error).__name__,
        "exception.message": str(error),
    }
    ours = [(PREFIX + name, str(value).encode()) for name, value in provenance.items()]
    value = message.value()
    return Output(
        names.of(DEAD_LETTERS),
        message.partition() or 0,
        message.key() or b"",
        value,
        [*original_headers(message), *ours],
    )


def fact_of(message: Message, error: PoisonRecordError) -> DeadLettered:
    """Return what the journal says of a dead letter."""
    body = message.value() or b""
    return DeadLettered(error.stage, str(error), error.remedy, len(body), body_digest(body))


def original_headers(message: Message) -> list[tuple[str, bytes]]:
    """Return a record's headers as they came."""
    headers = cast("list[tuple[str, bytes | str | None]]", message.headers() or [])
    return [(name, _bytes(value)) for name, value in headers]


def _bytes(data: bytes | str | None) -> bytes:
    return data.encode() if isinstance(data, str) else data or b""


class Brake:
    """Stops a partition that would dead-letter everything: the fault is then not in the records."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._in_a_row = 0

    def count(self, *, dead: bool) -> None:
        """Note one record."""
        self._in_a_row = self._in_a_row + 1 if dead else 0

    @property
    def pulled(self) -> bool:
        """True when too many records in a row were dead letters."""
        return self._in_a_row >= self._limit
