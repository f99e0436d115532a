"""What one update event costs, by stage: `python -m tests.bench.core` (`make bench-core`).

Prints medians in microseconds for a report with one indicator, three obligations and ten findings, on one
core. No broker: what Kafka adds is another benchmark's business.
"""

import statistics
import sys
import time
from collections.abc import Callable

from qosresolve.contracts import headers
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.ids import body_digest
from qosresolve.core.inputs import Cause, Received
from qosresolve.core.step import step
from tests.core.builders import Product, at, sample

ROUNDS, CALLS = 41, 200


def main() -> None:
    """Measure and print."""
    product, received, now = prepare()
    contracts = Contracts(SingleObjectCodec())
    record, data = contracts.write_input(sample("10:40"))
    done = step(product.case, received, product.policies, now)
    before, after = product.case.reports[0], done.case.reports[0]
    stages: dict[str, Callable[[], object]] = {
        "read the event": lambda: contracts.read_input(record, data),
        "digest its body": lambda: body_digest(data),
        "step": lambda: step(product.case, received, product.policies, now),
        "write the journal record": lambda: contracts.write_entry(done.entry),
        "make its headers": lambda: headers.for_entry(done.entry, None),
        "write the report, twice": lambda: (contracts.write_report(before), contracts.write_report(after)),
    }
    costs = {name: median(call) for name, call in stages.items()}
    costs["write the report"] = costs.pop("write the report, twice") / 2  # before, after, before...
    for name, cost in costs.items():
        sys.stdout.write(f"{cost:8.1f} us  {name}\n")
    sys.stdout.write(f"{sum(costs.values()):8.1f} us  in all\n")
    entry, report = contracts.write_entry(done.entry), contracts.write_report(after)
    again = median(lambda: contracts.read_entry(entry)), median(lambda: contracts.read_report(report))
    sys.stdout.write(f"{again[0]:8.1f} us  read the journal record again\n")
    sys.stdout.write(f"{again[1]:8.1f} us  read the report again\n")
    sys.stdout.write(f"{len(report):8d} B   report\n")


def prepare() -> tuple[Product, Received, int]:
    """Return a product with an open report and ten findings, and an update that changes nothing else."""
    product = Product()
    product.sample("10:00")
    product.answer("10:01", "analyse", "accepted")
    for minute in range(2, 12):
        product.find(f"10:{minute:02}", "service", "svc-9")
    update = sample("10:40")
    cause = Cause("degradation", 0, 1_000, update.identity())
    return product, Received(cause, update, b"1234"), at("10:40")


def median(call: Callable[[], object]) -> float:
    """Return the median cost of a call in microseconds."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter_ns()
        for _ in range(CALLS):
            call()
        rounds.append((time.perf_counter_ns() - began) / CALLS / 1_000)
    return statistics.median(rounds)


if __name__ == "__main__":
    main()
