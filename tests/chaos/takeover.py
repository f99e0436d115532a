"""How long partitions of a killed worker had nobody: from its SIGKILL to their next journal record.

Journal records are made while the transaction that commits them is under way, so what was made before the
kill belongs to the dead; what is made after it, to whoever took over.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from qosresolve.topics import JOURNAL
from tests.chaos.evidence import Evidence
from tests.chaos.history import Event


@dataclass(frozen=True, slots=True)
class Takeover:
    """One kill of a worker that held partitions: seconds until the last of them went on.

    `alone`: no other fault was under way, so it is the product's own time.
    """

    at: float
    seconds: float
    alone: bool


def takeovers(evidence: Evidence, events: list[Event]) -> list[Takeover]:
    """Return one for each such kill, in order."""
    made = {
        number: [record.timestamp / 1000 for record in records]
        for number, records in evidence.parts(JOURNAL).items()
    }
    faults = list(_spans(events))
    found = []
    for at, numbers in _kills(events):
        nexts = [_after(made[number], at) for number in numbers]
        if None not in nexts and nexts:
            until = max(each for each in nexts if each is not None)
            # The kill is a fault itself, so one is always under way.
            others = sum(begin < until and end > at for begin, end in faults) > 1
            found.append(Takeover(at, until - at, alone=not others))
    return found


def _after(instants: list[float], at: float) -> float | None:
    where = bisect_right(instants, at)
    return instants[where] if where < len(instants) else None


def _kills(events: list[Event]) -> Iterator[tuple[float, set[int]]]:
    """Yield when a worker was killed, and what it held."""
    held: dict[int, set[int]] = defaultdict(set)
    for event in events:
        if event.kind == "assigned":
            held[event["pid"]].update(event["partitions"])
        elif event.kind == "given-up":
            held[event["pid"]].difference_update(event["partitions"])
        elif event.get("signal") == "SIGKILL" and event["name"].startswith("worker") and held[event["pid"]]:
            yield event.wall, held.pop(event["pid"])


def _spans(events: list[Event]) -> Iterator[tuple[float, float]]:
    """Yield when each fault began and was over."""
    begun: dict[int, float] = {}
    for event in events:
        if event.kind == "fault":
            begun[event["id"]] = event.wall
        elif event.kind == "healed":
            yield begun.pop(event["id"]), event.wall
