"""What must hold, by number: the twenty of the reliability research, and what our own design adds."""

from __future__ import annotations

from dataclasses import dataclass


class ViolationError(AssertionError):
    """Something that must hold does not."""

    def __init__(self, number: str, message: str) -> None:
        super().__init__(f"invariant {number} ({BY_NUMBER[number].says}): {message}")
        self.number = number
        self.message = message

    def __reduce__(self) -> tuple[type[ViolationError], tuple[str, str]]:
        """Say how to make it anew: runs are made in other processes."""
        return ViolationError, (self.number, self.message)


@dataclass(frozen=True, slots=True)
class Invariant:
    """One rule: `asserted` says by whom; a path where no simulation can tell."""

    number: str
    says: str
    asserted: str


def expect(number: str, condition: object, message: str) -> None:
    """Raise unless a condition holds. The message has to be cheap: it is made every time."""
    if not condition:
        raise ViolationError(number, message)


INVARIANTS = (
    Invariant("1", "each input affects state exactly once", "commits.each_input_once, commits.known_events"),
    Invariant("2", "every request traces to its fact, none is missing", "commits.requests_are_facts"),
    Invariant("3", "state, requests and offsets are all or nothing", "commits.positions_are_the_journal"),
    Invariant("4", "nothing aborted is ever seen", "commits.causes"),
    Invariant("5", "committed offsets never go back nor ahead", "commits.group_offsets"),
    Invariant("6", "the fold of the journal is what the topics hold", "commits.fold_is_stored"),
    Invariant("7", "memory is what a cold restore finds", "memory.memory_is_stored, drain.cold_restore"),
    Invariant("8", "each input is taken in its order, where its product belongs", "commits.in_order"),
    Invariant("9", "one generation commits a partition, a stale writer never", "generations.Generations"),
    Invariant("10", "each alarm is settled, never early, none is lost", "commits.never_early, drain.overdue"),
    Invariant(
        "11", "replaying any range of inputs changes nothing", "drain.cold_restore (the group rewound to 0)"
    ),
    Invariant("12", "each poison record is one dead letter, byte by byte", "commits.dead_letters"),
    Invariant("13", "a redriven dead letter keeps 1 to 3", "workload.World.redrive, then 1 to 3"),
    Invariant("14", "a removed key stays removed over compaction and restore", "memory.memory_is_stored"),
    Invariant("15", "an outage of a dependency makes no dead letter", "commits.dead_letters"),
    Invariant(
        "16", "after healing no lag, LSO at the end, nothing open", "drain.drained, drain.nothing_open"
    ),
    Invariant(
        "17",
        "memory is bounded under prefetch and rebalance",
        "the chaos runs; no simulation has a heap of its own",
    ),
    Invariant("18", "SIGTERM ends a process in time, with nothing open", "drain.stopped, fleet.Fleet.watch"),
    Invariant("19", "whatever hangs is ended by the watchdog", "fleet.Fleet.watch"),
    Invariant("20", "no payload is ever logged", "lines.Lines"),
    Invariant(
        "D1", "a deadline is decided after everything that was there before it", "commits.behind_the_backlog"
    ),
    Invariant("D2", "what cannot be right stops the worker, with the runbook", "ending.*"),
    Invariant("D3", "a fault that is not in the records stops the partition", "ending.poison_flood"),
    Invariant("D4", "a process ends only for a reason that is documented", "fleet.Fleet.judge"),
    Invariant("D5", "an alarm is fired only where it was armed", "alarms.Firing"),
)
BY_NUMBER = {invariant.number: invariant for invariant in INVARIANTS}
