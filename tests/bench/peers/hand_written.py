"""The loop that a good engineer writes in a week: fastavro, a dict of reports, a report for each event."""

from confluent_kafka import Message

from tests.bench.peers import simple
from tests.bench.peers.loop import Produce, run

REPORTS: dict[str, simple.Value] = {}


def work(messages: list[Message], produce: Produce) -> None:
    """Write the report after each event."""
    for message in messages:
        event = simple.read_event(message.value() or b"")
        product = event["product_id"]
        report = REPORTS[product] = simple.step(REPORTS.get(product), event)
        produce(simple.write_report(report), message.key(), message.partition())


if __name__ == "__main__":
    run(work)
