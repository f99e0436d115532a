"""Records that cannot be taken: the same bytes on the dead-letter topic, provenance in headers.

Header names are Kafka Connect's. Neither the payload nor an exception's text that could quote it goes into a
log line or a header.
"""

from hashlib import sha256

from confluent_kafka import Message

from qosresolve.core.facts import DeadLettered
from qosresolve.core.ids import body_digest
from qosresolve.core.record import record
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka.incoming import LEFT_OUT, headers_of
from qosresolve.kafka.outputs import Headers, Output
from qosresolve.topics import DEAD_LETTER_BYTES, DEAD_LETTERS, Names

PREFIX = "__connect.errors."
MOST_BYTES = DEAD_LETTER_BYTES - 65_536  # of key, value and headers: the rest is for framing and compression
KEY_BYTES = 1_024  # a longer key is left out with the value
_A_HEADER = 10  # bytes for the lengths of its name and value, at most


@record
class Origin:
    """A record as it came in."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def origin_of(message: Message) -> Origin:
    """Return a delivered record as it came in."""
    topic, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
    return Origin(topic, partition, offset, message.key(), message.value(), original_headers(message))


def dead_letter(names: Names, message: Message, error: PoisonRecordError) -> Output:
    """Return the dead letter of a record, byte-identical in key, value and headers.

    Only what a compressed batch can hold may be too large for that: its letter says where the record lies,
    and what it was.
    """
    return letter(names, origin_of(message), error, message.partition() or 0)


def letter(names: Names, came: Origin, error: PoisonRecordError, partition: int) -> Output:
    """Return the same on a given partition of the dead-letter topic."""
    key, value, headers = came.key, came.value, came.headers
    ours = _provenance(came, error)
    if size_of(key, value, headers) > MOST_BYTES:
        key, value, headers = _key_alone(key), None, _what_it_was(key, value, headers)
    return Output(names.of(DEAD_LETTERS), partition, key, value, [*headers, *ours])


def _provenance(came: Origin, error: PoisonRecordError) -> Headers:
    provenance = {
        "topic": came.topic,
        "partition": came.partition,
        "offset": came.offset,
        "connector.name": "qosresolve",
        "stage": error.stage,
        "exception.class.name": type(error).__name__,
        "exception.message": str(error),
    }
    return [(PREFIX + name, str(value).encode()) for name, value in provenance.items()]


def _key_alone(key: bytes | None) -> bytes | None:
    return key if key is not None and len(key) <= KEY_BYTES else None


def _what_it_was(key: bytes | None, value: bytes | None, headers: Headers) -> Headers:
    """Say of a record that stays where it is how large it was, and the hash of its value."""
    body = value or b""
    sizes = f"key {len(key or b'')} bytes, value {len(body)} bytes, {len(headers)} headers"
    return [(LEFT_OUT, sizes.encode()), (f"{LEFT_OUT}.sha256", sha256(body).hexdigest().encode())]


def size_of(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """Return how many bytes a record takes at most in a batch that is not compressed."""
    named = sum(_A_HEADER + len(name.encode()) + len(held or b"") for name, held in headers)
    return len(key or b"") + len(value or b"") + named


def fact_of(message: Message, error: PoisonRecordError) -> DeadLettered:
    """Return what the journal says of a dead letter."""
    body = message.value() or b""
    return DeadLettered(error.stage, str(error), error.remedy, len(body), body_digest(body))


def original_headers(message: Message) -> Headers:
    """Return a record's headers as they came; a null stays a null."""
    return [
        (name, value.encode() if isinstance(value, str) else value) for name, value in headers_of(message)
    ]


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
        if dead:
            self._in_a_row += 1
            self._pulled = self._pulled or self._in_a_row >= self._limit
        else:
            self._in_a_row = 0

    def copy(self) -> "Brake":
        """Return one that goes on from here, for a batch that may be taken again."""
        return Brake(self._limit, self._in_a_row)

    @property
    def pulled(self) -> bool:
        """True when too many records in a row were dead letters."""
        return self._pulled
