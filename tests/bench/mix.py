"""What one event of a realistic mix costs, by its kind: `python -m tests.bench.mix` (`make bench-mix`).

One partition takes its share of the whole benchmark's events (15 % raise, 75 % update, 10 % abate) under the
shipped policy, in batches, as a worker does: read, step, journal, requests, and at a batch's end the reports
that changed. Prints microseconds an event, of the wall for each kind (its median over the rounds) and of the
process's CPU for the whole. No broker: what Kafka adds is another benchmark's business.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from confluent_kafka import Message

from qosresolve.cli.run import garbage
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.records import Contracts
from qosresolve.core.partition import PartitionState, Position
from qosresolve.core.policy import Policies
from qosresolve.core.vocabulary import DegradationKind, Outcome
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.staging import Shared, Staging
from qosresolve.topics import DEGRADATION, Names
from tests.bench.whole.data import BASE_MS, EVERY_MS, PARTITIONS, Event, Shape, prepared

SHAPE = Shape(events=120_000, products=4_000)  # 30 events a product, as the whole benchmark has them
ROUNDS = 9
BATCH = 100  # of one partition, in one transaction
HERE = 0
_NAMES = Names("mix.")
_KINDS = (DegradationKind.RAISE, DegradationKind.UPDATE, DegradationKind.ABATE)


@dataclass
class Times:
    """Nanoseconds of one round: of the whole on the CPU, of each event's taking and each batch's end."""

    cpu: int = 0
    takes: list[int] = field(default_factory=list)
    writes: list[int] = field(default_factory=list)  # the records of what changed
    merges: list[int] = field(default_factory=list)  # after the commit


def main() -> None:
    """Measure and print."""
    events = [(at, event) for at, event in enumerate(prepared(SHAPE), 1) if event.partition == HERE]
    messages = [message(at, offset, event) for offset, (at, event) in enumerate(events)]
    policy = policies()
    garbage.settle()
    rounds = [measured(messages, policy) for _ in range(ROUNDS)]
    for name, cost in rows([event.kind for _, event in events], rounds):
        sys.stdout.write(f"{cost:8.1f} us  {name}\n")


def rows(kinds: list[DegradationKind], rounds: list[Times]) -> Iterator[tuple[str, float]]:
    """Yield what is told: each event's median over the rounds, the mean of these by kind."""
    takes = [statistics.median(times) for times in zip(*(each.takes for each in rounds), strict=True)]
    for kind in _KINDS:
        some = [cost for cost, its in zip(takes, kinds, strict=True) if its is kind]
        yield f"take: {kind}, {100 * len(some) / len(kinds):.0f} % of all", statistics.mean(some) / 1_000
    events = len(kinds) * 1_000
    yield "take, on average", sum(takes) / events
    yield "write what changed, once a batch", statistics.median(sum(each.writes) for each in rounds) / events
    yield "keep it, after the commit", statistics.median(sum(each.merges) for each in rounds) / events
    costs = [each.cpu / events for each in rounds]
    yield f"in all, on the CPU ({min(costs):.1f} to {max(costs):.1f})", statistics.median(costs)


def measured(messages: list[Message], policies: Policies) -> Times:
    """Return the times of one round, on a partition that has taken nothing yet."""
    partition, times, clock = _partition(policies), Times(), time.perf_counter_ns
    began = time.process_time_ns()
    for start in range(0, len(messages), BATCH):
        for message in messages[start : start + BATCH]:
            before = clock()
            partition.take(message, 0.0)
            times.takes.append(clock() - before)
        before = clock()
        outputs = partition.outputs()
        written = clock()
        done = partition.accept(outputs)
        times.merges.append(clock() - written)
        times.writes.append(written - before)
        _check(done)
    times.cpu = time.process_time_ns() - began
    return times


def _check(done: Staging) -> None:
    """A batch that was buried, or refused, would be a quick one."""
    wrong = [entry for entry in done.entries if entry.outcome is not Outcome.APPLIED]
    if wrong:
        raise RuntimeError(f"{len(wrong)} events of {len(done.entries)} were not taken: {wrong[0]}")


def _partition(policies: Policies) -> Partition:
    contracts = Contracts(SingleObjectCodec())
    shared = Shared(PARTITIONS, _NAMES, contracts, lambda _: policies, 1_000_000, 1, 30.0)
    partition = Partition(HERE, 1, shared)
    positions = tuple(Position(topic, 0) for topic in _NAMES.inputs)
    partition.start(PartitionState(HERE, positions, policies.active.hash))
    return partition


def policies() -> Policies:
    source = policy_file.load(policy_file.default_text())
    policy = policy_file.read_canonical(policy_file.compile(source))
    return Policies(policy, {policy.hash: policy})


def message(sequence: int, offset: int, event: Event) -> Message:
    """Return an event as the client hands it out, written by the broker when it was observed."""
    return Message(
        topic=_NAMES.of(DEGRADATION),
        partition=HERE,
        offset=offset,
        key=event.product.encode(),
        value=event.value,
        headers=None,
        timestamp=(2, BASE_MS + int(sequence * EVERY_MS)),
    )


if __name__ == "__main__":
    main()
