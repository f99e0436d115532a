"""What one record costs from `Partition.take` to the accepted batch: `python -m tests.bench.taking`.

Prints medians in microseconds a record, on one core, without a broker: updates of open reports, and records
that become dead letters. What a transaction adds is another benchmark's business.
"""

import statistics
import sys
import time
from collections.abc import Callable

from confluent_kafka import Message

from qosresolve.core.vocabulary import DegradationKind
from qosresolve.topics import DEGRADATION
from tests.kafka.bench import Bench, products
from tests.kafka.harness import degradation

PRODUCTS, BATCH, ROUNDS = 200, 2_000, 15


def main() -> None:
    """Measure and print."""
    bench = Bench(limit=10**9)
    names = products(PRODUCTS)
    for name in names:
        bench.take(bench.record(degradation(name, 1)))
    bench.commit()
    rounds = [measured(bench, _updates(bench, names, number)) for number in range(1, ROUNDS + 1)]
    _print("update", rounds)
    poison = [measured(bench, _poison(bench, number)) for number in range(1, ROUNDS + 1)]
    _print("dead letter", poison)


def _updates(bench: Bench, names: list[str], number: int) -> Callable[[int], Message]:
    def made(at: int) -> Message:
        sequence = number * BATCH + at
        event = degradation(names[at % PRODUCTS], sequence, kind=DegradationKind.UPDATE)
        return bench.record(event)

    return made


def _poison(bench: Bench, number: int) -> Callable[[int], Message]:
    return lambda at: bench.raw(DEGRADATION, b"\xc3\x01 no Avro %d %d" % (number, at))


def measured(bench: Bench, make: Callable[[int], Message]) -> tuple[float, float, float]:
    """Return microseconds a record for taking, writing and accepting one batch."""
    messages = [make(at) for at in range(BATCH)]
    take = bench.partition.take
    began = time.thread_time()
    for message in messages:
        take(message, 0.0)
    taken = time.thread_time()
    outputs = bench.partition.outputs()
    written = time.thread_time()
    bench.partition.accept(outputs)
    accepted = time.thread_time()
    spans = (taken - began, written - taken, accepted - written)
    first, second, third = (span / BATCH * 1e6 for span in spans)
    return first, second, third


def _print(kind: str, rounds: list[tuple[float, float, float]]) -> None:
    for stage, costs in zip(("take", "outputs", "accept"), zip(*rounds, strict=True), strict=True):
        sys.stdout.write(f"{statistics.median(costs):8.2f} us  (least {min(costs):6.2f})  {kind}: {stage}\n")


if __name__ == "__main__":
    main()
