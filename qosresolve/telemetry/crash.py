"""What to log of an error that nobody expected: its kind and where it happened, not its text.

The text may quote what came in (a key that is missing, bytes that do not decode). Kafka's client is the
exception: what it says is of brokers, topics and offsets.
"""

import traceback

from confluent_kafka import KafkaException


def named(error: BaseException) -> str:
    """Return what to call an error."""
    return repr(error) if isinstance(error, KafkaException) else type(error).__name__


def frames(error: BaseException) -> str:
    """Return where it was raised, after where its cause was."""
    cause = error.__cause__ or error.__context__
    before = f"{frames(cause)}{named(cause)}, and so:\n" if cause is not None else ""
    return before + "".join(traceback.format_tb(error.__traceback__))
