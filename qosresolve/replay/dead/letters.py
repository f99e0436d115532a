"""What lies on the dead-letter topic: letters, and what people decided about them. Headers in, values out.

A letter ends with seven headers of provenance, which whoever buried it put last: what stands before them came
with the record, whatever it is called. A resolution is a record beside its letter that says what was decided.
"""

import re
from typing import NamedTuple

from confluent_kafka import Message

from qosresolve.core.record import record
from qosresolve.errors import ConfigError
from qosresolve.kafka.dead_letters import PREFIX
from qosresolve.kafka.incoming import LEFT_OUT, headers_of
from qosresolve.kafka.outputs import Headers

REDRIVEN, DISCARDED = "redriven", "discarded"
RESOLUTION = "qosresolve.resolution"
REDRIVE = "qosresolve.redrive."
UNKNOWN = "unknown"  # the stage of what somebody else wrote there

_PROVENANCE = (
    "topic", "partition", "offset", "connector.name", "stage", "exception.class.name", "exception.message",
)  # fmt: skip
_OURS = [PREFIX + name for name in _PROVENANCE]
_AGAIN = [f"{REDRIVE}{name}" for name in ("attempt", "of", "origin")]
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_ATTEMPT = re.compile(r"[0-9]{1,6}", re.ASCII)


class Id(NamedTuple):
    """Where a letter lies on the dead-letter topic: what people call it by."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}/{self.offset}"


class Spot(NamedTuple):
    """Where a record lies, or lay."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@record
class Letter:
    """One dead letter: where it lay, why it was buried, and what it is.

    `at` is when it was buried, ms since the epoch; `headers` are those that it came with; `attempt` counts
    how often it had been redriven when it died; `size` is its value's, in bytes, and `left_out` says what
    could not be copied.
    """

    id: Id
    at: int
    spot: Spot
    stage: str
    error: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    size: int
    attempt: int = 0
    left_out: str = ""

    @property
    def product(self) -> str:
        """Return the product that its key names, as well as text can."""
        return (self.key or b"").decode(errors="backslashreplace")

    @property
    def reference(self) -> bool:
        """True where only its headers lie here: the record was larger than the topic takes."""
        return self.value is None and bool(self.left_out)


@record
class Resolution:
    """What was decided about a letter, by whom, when and why; `to` is where it was sent."""

    of: Id
    what: str
    at: int
    by: str
    reason: str
    to: Spot | None = None


def read(message: Message) -> Letter | Resolution:
    """Return what a record of the dead-letter topic is; one of somebody else's is a letter of no origin."""
    headers: list[tuple[str, bytes | None]] = [
        (name, held.encode() if isinstance(held, str) else held) for name, held in headers_of(message)
    ]
    lies = Id(message.partition() or 0, message.offset() or 0)
    at = message.timestamp()[1]
    ours = dict(zip(_OURS, (_text(held) for _, held in headers[-len(_OURS) :]), strict=False))
    if [name for name, _ in headers[-len(_OURS) :]] != _OURS:
        return _resolution(lies, at, headers) or _stranger(lies, at, message, headers)
    came, attempt = _without_ours(headers[: -len(_OURS)])
    spot = _spot("/".join(ours[PREFIX + name] for name in ("topic", "partition", "offset")))
    if spot is None:
        return _stranger(lies, at, message, headers)
    said = dict(came)
    left_out = _text(said.get(LEFT_OUT)) if LEFT_OUT in said else ""
    value = message.value()
    return Letter(
        lies,
        at,
        spot,
        ours[f"{PREFIX}stage"],
        ours[f"{PREFIX}exception.message"],
        message.key(),
        value,
        came,
        len(value or b""),
        attempt,
        left_out,
    )


def _stranger(lies: Id, at: int, message: Message, headers: Headers) -> Letter:
    key, value = message.key(), message.value()
    error = "no dead letter of qosresolve: its last headers do not say where it came from"
    return Letter(lies, at, Spot("", -1, -1), UNKNOWN, error, key, value, headers, len(value or b""))


def _resolution(lies: Id, at: int, headers: Headers) -> Resolution | None:
    said = {name: _text(held) for name, held in headers}
    of, what = said.get(f"{RESOLUTION}.of", ""), said.get(RESOLUTION, "")
    partition, slash, offset = of.partition("/")
    if what not in (REDRIVEN, DISCARDED) or not slash or not all(map(_NUMBER.fullmatch, (partition, offset))):
        return None
    found = Id(int(partition), int(offset))
    if found.partition != lies.partition or found.offset >= lies.offset:  # it lies behind its letter
        return None
    to = _spot(said.get(f"{RESOLUTION}.to", ""))
    return Resolution(
        found, what, at, said.get(f"{RESOLUTION}.by", ""), said.get(f"{RESOLUTION}.reason", ""), to
    )


def resolved(of: Id, what: str, by: str, reason: str, to: Spot | None = None) -> Headers:
    """Return the headers of a resolution; its key is its letter's, and it has no value."""
    said = {"": what, ".of": str(of), ".by": by, ".reason": reason}
    if to is not None:
        said[".to"] = str(to)
    return [(RESOLUTION + name, text.encode(errors="backslashreplace")) for name, text in said.items()]


def again(letter: Letter, topic: str, attempt: int, origin: Spot) -> Headers:
    """Return the headers of a redriven record: those it came with, and which attempt of which letter it is.

    `topic` is the dead-letter topic, `origin` where the record lay the very first time.
    """
    said = (str(attempt), f"{topic}/{letter.id}", str(origin))
    return [*letter.headers, *((name, text.encode()) for name, text in zip(_AGAIN, said, strict=True))]


def id_of(text: str) -> Id:
    """Return the id that somebody typed. Raises ConfigError."""
    partition, _, offset = text.partition("/")
    if not all(map(_NUMBER.fullmatch, (partition, offset))):
        raise ConfigError(
            f"{text!r} is no dead letter's id",
            setting="ID",
            remedy="write PARTITION/OFFSET, e.g. 3/17, as `qosresolve dead-letters list --each` shows it",
        )
    return Id(int(partition), int(offset))


def _without_ours(headers: Headers) -> tuple[Headers, int]:
    """Return headers without those of a redrive, and which attempt they tell of."""
    last = headers[-len(_AGAIN) :]
    if [name for name, _ in last] != _AGAIN:
        return headers, 0
    told = _text(last[0][1])
    return headers[: -len(_AGAIN)], int(told) if _ATTEMPT.fullmatch(told) else 0


def _spot(text: str) -> Spot | None:
    topic, *numbers = text.rsplit("/", 2)
    if not topic or len(numbers) != 2 or not all(map(_NUMBER.fullmatch, numbers)):
        return None
    return Spot(topic, int(numbers[0]), int(numbers[1]))


def _text(held: bytes | None) -> str:
    return (held or b"").decode(errors="backslashreplace")
