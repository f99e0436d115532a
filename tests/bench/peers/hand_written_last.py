"""The same loop, cleverer: of a batch only the last report of each product is written."""

from confluent_kafka import Message

from tests.bench.peers import simple
from tests.bench.peers.hand_written import REPORTS
from tests.bench.peers.loop import Produce, run


def work(messages: list[Message], produce: Produce) -> None:
    """Take all events, then write what changed."""
    changed: dict[bytes | None, tuple[simple.Value, int | None]] = {}
    for message in messages:
        event = simple.read_event(message.value() or b"")
        product = event["product_id"]
        report = REPORTS[product] = simple.step(REPORTS.get(product), event)
        changed[message.key()] = (report, message.partition())
    for key, (report, partition) in changed.items():
        produce(simple.write_report(report), key, partition)


if __name__ == "__main__":
    run(work)
