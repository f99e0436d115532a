"""What a delivered record holds besides its value: headers, time and key, whatever a foreign client wrote.

Kafka bounds none of them: names of headers need not be text, a key may take a megabyte, and where a topic was
created wrongly a sender may have set the time.
"""

from operator import methodcaller
from typing import cast

from confluent_kafka import KafkaError, Message

from qosresolve.contracts.limits import EARLIEST, LATEST, MAX_ID
from qosresolve.errors import PoisonRecordError

Pairs = list[tuple[str, bytes | str | None]]

# What the client says of a batch that it cannot unpack; it tries for ever.
UNREADABLE = (KafkaError._BAD_COMPRESSION, KafkaError._BAD_MSG)  # noqa: SLF001 - its own constants
LEFT_OUT = "qosresolve.left-out"  # says what of a record could not be copied
_asked = methodcaller("headers")
_NOT_TEXT: Pairs = [(LEFT_OUT, b"headers: a name is not UTF-8")]


def headers_of(message: Message) -> Pairs:
    """Return a record's headers, as the client hands them out.

    Where a name is not UTF-8 the client hands out a list with a hole in it, which ends the process when it is
    touched; the error that it sets beside is looked at by some ways of calling only, and only the first time.
    So this way decides, what it found replaces the list, and no other place may ask.
    """
    try:
        headers = _asked(message)
    except (SystemError, UnicodeDecodeError):
        message.set_headers(_NOT_TEXT)
        headers = _asked(message)
    return cast("Pairs", headers or [])


def broker_time(message: Message) -> int:
    """Return a record's broker time in ms; on an input topic that is its append time.

    Raises PoisonRecordError for a time that no broker of this century has: a case would never get over it.
    """
    at = message.timestamp()[1]
    if EARLIEST <= at < LATEST:
        return at
    raise PoisonRecordError(
        f"a broker time of {at} ms",
        stage="validate",
        remedy="message.timestamp.type of the topic must be LogAppendTime, and the brokers' clocks right",
    )


def written_time(message: Message) -> int:
    """Return a record's time for the journal, where any record has to have one."""
    return min(max(message.timestamp()[1], 0), LATEST - 1)


def product_of(message: Message) -> str:
    """Return the product that a key names, as well as text can, and no longer than a product's id may be."""
    key = message.key() or b""
    return key[: MAX_ID + 1].decode(errors="backslashreplace")[:MAX_ID]
