"""What a sample of the worker's thread was taken in: stages, named by functions of the product.

A sample counts for the innermost function of the table that is on its stack; so `Worker.run` takes what no
other does. What a function here calls, it pays for, until another one of the table is called.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module

# In the order of the printed table.
FUNCTIONS = {
    "qosresolve.kafka.clients:drain": "consume",
    "qosresolve.kafka.partition:Partition.take": "take, stage",
    "qosresolve.kafka.partition:Partition.settle": "take, stage",
    "qosresolve.kafka.staging:Staging.stage": "take, stage",
    "qosresolve.contracts.records:Contracts.read_input": "decode, validate",
    "qosresolve.kafka.cases:CaseStore.get": "look the case up",
    "qosresolve.core.step:step": "step: decide",
    "qosresolve.core.step:_follow": "step: follow-up processes",
    "qosresolve.core.fold:evolve": "step: fold",
    "qosresolve.core.fold:stamp": "step: fold",
    "qosresolve.core.step:_requests": "requests",
    "qosresolve.kafka.outputs:Writer.request": "requests",
    "qosresolve.kafka.outputs:Writer.journal": "journal record",
    "qosresolve.contracts.headers:traceparent": "headers",
    "qosresolve.contracts.headers:for_entry": "headers",
    "qosresolve.contracts.headers:for_request": "headers",
    "qosresolve.contracts.headers:alarm_headers": "headers",
    "qosresolve.kafka.incoming:headers_of": "headers",
    "qosresolve.kafka.staging:Staging.changes": "report records",
    "qosresolve.kafka.partition:Partition.next_offsets": "positions",
    "qosresolve.kafka.partition:Partition._staged_state": "positions",
    "qosresolve.kafka.outputs:Writer.partition": "positions",
    "qosresolve.kafka.transaction:Transactions._produce": "produce",
    "qosresolve.kafka.transaction:Transactions.poll": "commit, without waiting",
    "qosresolve.kafka.transaction:Transactions.commit": "commit, without waiting",
    "qosresolve.kafka.partition:Partition.accept": "accept",
    "qosresolve.kafka.observe:Observer.committed": "metrics, log",
    "qosresolve.kafka.observe:Observer.batch": "metrics, log",
    "qosresolve.kafka.worker:Worker.run": "other Python",
}
ROOT = "Worker.run (qosresolve/kafka/worker.py)"  # the frame under which all of the worker's work lies
_LINE = re.compile(r":\d+\)$")

Stack = tuple[str, ...]  # frames such as `step (qosresolve/core/step.py)`, the outermost first
Stacks = Mapping[Stack, int]  # how often each was seen


class StaleTableError(Exception):
    """The table names what the product no longer has."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The parts of the worker's thread, which make one, and how many samples they were counted in."""

    by_stage: dict[str, float]
    counted: int
    unplaced: int  # samples whose stack could not be read well enough to say where they belong


def frames() -> dict[str, str]:
    """Return each function of the table as it is written in a stack, with its stage.

    Raises StaleTableError with the name of a function that does not exist.
    """
    return {_frame(place): stage for place, stage in FUNCTIONS.items()}


def _frame(place: str) -> str:
    module, _, name = place.partition(":")
    try:
        found = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        known = f"{found.__module__}:{found.__qualname__}"
    except (ImportError, AttributeError) as error:
        raise StaleTableError(f"tests/bench/stages.py: {place} is gone ({error}): mend the table") from error
    if known != place:
        raise StaleTableError(f"tests/bench/stages.py: {place} is now {known}: mend the table")
    return f"{name} ({module.replace('.', '/')}.py)"


def read(raw: str) -> Counter[Stack]:
    """Return the stacks of py-spy's raw format, functions without their lines."""
    found: Counter[Stack] = Counter()
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        found[tuple(_LINE.sub(")", frame) for frame in stack.split(";"))] += int(count)
    return found


def of_worker(stacks: Stacks) -> Counter[Stack]:
    """Return what was seen of the worker's thread, without the frame that names the thread."""
    threads = {stack[0] for stack in stacks if ROOT in stack}
    return Counter({stack[1:]: count for stack, count in stacks.items() if stack[0] in threads})


def below_root(stacks: Stacks) -> Counter[Stack]:
    """Return the whole stacks, from the root on."""
    found: Counter[Stack] = Counter()
    for stack, count in stacks.items():
        if ROOT in stack:
            found[stack[stack.index(ROOT) :]] += count
    return found


def shares(stacks: Stacks) -> Shares:
    """Return which part of the worker's samples each stage has.

    Where the worker is not stopped for a sample, some stacks are torn: outer frames are missing. Such a one
    belongs where most whole stacks with the same innermost function do.
    """
    known = frames()
    found: Counter[str] = Counter(dict.fromkeys(FUNCTIONS.values(), 0))
    ending: dict[str, Counter[str]] = {}
    torn: list[tuple[str, int]] = []
    for stack, count in stacks.items():
        stage = next((known[frame] for frame in reversed(stack) if frame in known), None)
        if stage is not None:
            found[stage] += count
            ending.setdefault(stack[-1], Counter())[stage] += count
        else:
            torn.append((stack[-1] if stack else "", count))
    unplaced = 0
    for frame, count in torn:
        if frame in ending:
            found[ending[frame].most_common(1)[0][0]] += count
        else:
            unplaced += count
    counted = found.total()
    return Shares({stage: count / (counted or 1) for stage, count in found.items()}, counted, unplaced)


def rows(costs: Mapping[str, float]) -> Iterator[tuple[str, str, str]]:
    """Yield stage, microseconds an event, and share, a head before and the sum behind."""
    total = sum(costs.values())
    yield "stage", "us an event", "%"
    for stage, cost in [*costs.items(), ("all", total)]:
        yield stage, f"{cost:.2f}", f"{100 * cost / total:.1f}"


def markdown(found: Iterable[tuple[str, str, str]]) -> str:
    """Return rows as a table of a page."""
    lines = [f"| {' | '.join(row)} |" for row in found]
    return "\n".join([lines[0], "|---|---:|---:|", *lines[1:]]) + "\n"
