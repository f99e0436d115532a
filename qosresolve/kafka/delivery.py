"""One record outside of transactions, and what became of it."""

from typing import Any, cast

from confluent_kafka import KafkaError, Producer

from qosresolve.kafka.acls import Operation
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.kafka.outputs import Output


def undelivered(producer: Producer, output: Output, seconds: float) -> str | None:
    """Send a record and wait; return why nobody acknowledged it, None where it lies there.

    It may lie there all the same. Raises DeniedError; KafkaException where the producer takes none.
    """
    failures: list[KafkaError] = []
    producer.produce(
        output.topic,
        output.value,
        output.key,
        output.partition,
        headers=cast("Any", output.headers),
        on_delivery=lambda error, _: failures.append(error) if error else None,
    )
    left = producer.flush(seconds)
    for failure in failures:
        raise_if_denied(failure, output.topic, Operation.WRITE)
    if failures:
        return failures[0].str()
    return f"no answer within {seconds:.0f} s" if left else None
