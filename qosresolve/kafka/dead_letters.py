"""Records that cannot be taken: the same bytes on the dead-letter topic, provenance in headers.

Header names are Kafka Connect's. Neither the payload nor an exception's text that could quote it goes into a
log line or a header.
"""

from typing import cast

from confluent_kafka import Message

from qosresolve.core.facts import DeadLettered
from qosresolve.core.ids import body_digest
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka.outputs import Headers, Output
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
    ours: Headers = [(PREFIX + name, str(value).encode()) for name, value in provenance.items()]
    return Output(
        names.of(DEAD_LETTERS),
        message.partition() or 0,
        message.key(),
        message.value(),
        [*original_headers(message), *ours],
    )


def fact_of(message: Message, error: PoisonRecordError) -> DeadLettered:
    """Return what the journal says of a dead letter."""
    body = message.value() or b""
    return DeadLettered(error.stage, str(error), error.remedy, len(body), body_digest(body))


def original_headers(message: Message) -> Headers:
    """Return a record's headers as they came; a null stays a null."""
    headers = cast("list[tuple[str, bytes | str | None]]", message.headers() or [])
    return [(name, value.encode() if isinstance(value, str) else value) for name, value in headers]


class Brake:
    """Stops a partition that would dead-letter everything: the fault is then not in the records.

    Once pulled it stays pulled, whatever follows in the same batch.
    """

    def __init__(self, limit: int, in_a_row: int = 0) -> None:
        self._limit = limit
        self._in_a_row = in_a_row
        self._pulled = False

    def count(self, *, dead: bool) -> None:
        """Note one record."""
        self._in_a_row = self._in_a_row + 1 if dead else 0
        self._pulled = self._pulled or self._in_a_row >= self._limit

    def copy(self) -> "Brake":
        """Return one that goes on from here, for a batch that may be taken again."""
        return Brake(self._limit, self._in_a_row)

    @property
    def pulled(self) -> bool:
        """True when too many records in a row were dead letters."""
        return self._pulled
