"""What is left when there is no work: each record is written as it was read, exactly once."""

from confluent_kafka import Message

from tests.bench.peers.loop import Produce, run


def copy(messages: list[Message], produce: Produce) -> None:
    """Write each record once more."""
    for message in messages:
        produce(message.value(), message.key(), message.partition())


if __name__ == "__main__":
    run(copy)
