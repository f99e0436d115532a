"""How the model's brokers say no, and how the stand-ins pass it on."""

from confluent_kafka import KafkaError, KafkaException


class Refused(Exception):  # noqa: N818 - an answer, not an error of the model
    """A broker's answer other than success; `code` is Kafka's."""

    def __init__(self, code: int) -> None:
        super().__init__(KafkaError(code).name())
        self.code = code


class NoAnswer(Exception):  # noqa: N818 - the same
    """A request or its answer was lost."""


def failure(
    code: int, reason: str | None = None, *, fatal: bool = False, retriable: bool = False, abort: bool = False
) -> KafkaException:
    """Return what the client raises."""
    return KafkaException(KafkaError(code, reason, fatal, retriable, abort))
