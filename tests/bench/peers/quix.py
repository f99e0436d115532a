"""Quix Streams as its documentation has it: exactly once, state in RocksDB with a changelog topic.

Runs in an environment of its own (`make bench-peers`); its transactions are as large as everybody's.
"""

import tempfile
from typing import Any

from quixstreams import Application  # type: ignore[import-not-found] # not in the project's environment

from tests.bench.peers import simple
from tests.bench.peers.loop import arguments


def work(value: bytes, state: Any) -> bytes:  # noqa: ANN401 - see the import
    """Return the report after one more event."""
    report = simple.step(state.get("report"), simple.read_event(value))
    state.set("report", report)
    return simple.write_report(report)


def main() -> None:
    """Work until SIGTERM."""
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        app = Application(
            broker_address=given.bootstrap,
            consumer_group=given.group,
            auto_offset_reset="earliest",
            processing_guarantee="exactly-once",
            commit_every=given.batch,
            state_dir=folder,
            loglevel="WARNING",
            consumer_extra_config={"fetch.queue.backoff.ms": 5},
            producer_extra_config={"retry.backoff.ms": 10, "linger.ms": 5, "compression.type": "lz4"},
        )
        source = app.topic(given.input, key_deserializer="bytes", value_deserializer="bytes")
        target = app.topic(given.output, key_serializer="bytes", value_serializer="bytes")
        app.dataframe(source).apply(work, stateful=True).to_topic(target)
        app.run()


if __name__ == "__main__":
    main()
