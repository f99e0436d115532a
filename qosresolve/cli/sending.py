"""Producing a few records by hand, each acknowledged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from confluent_kafka import KafkaError, Message

from qosresolve.errors import RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.settings import Settings
from qosresolve.topics import BY_RECORD, Names

FLUSH_S = 15.0


@dataclass(frozen=True, slots=True)
class Sending:
    """One record, by explicit partition."""

    record: str
    partition: int
    key: str
    value: bytes


def send(settings: Settings, sendings: Iterable[Sending]) -> list[int]:
    """Produce in order; return each one's offset. Raises RetriableError unless all are acknowledged."""
    producer = clients.plain_producer(settings)
    offsets: dict[int, int] = {}
    failures: list[tuple[KafkaError, str | None]] = []

    def noting(number: int) -> Callable[[KafkaError | None, Message], None]:
        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                failures.append((error, message.topic()))
            else:
                offsets[number] = message.offset() or 0

        return delivered

    wanted = list(sendings)
    names = Names(settings.prefix)
    for number, item in enumerate(wanted):
        producer.produce(
            names.of(BY_RECORD[item.record]),
            item.value,
            item.key.encode(),
            item.partition,
            on_delivery=noting(number),
        )
        producer.poll(0)
    left = producer.flush(FLUSH_S)
    for error, topic in failures:
        raise_if_denied(error, topic, Operation.WRITE)
    if left or failures:
        why = failures[0][0].str() if failures else f"no acknowledgement within {FLUSH_S:.0f} s"
        raise RetriableError(f"{len(offsets)} of {len(wanted)} records were acknowledged: {why}")
    return [offsets[number] for number in range(len(wanted))]
