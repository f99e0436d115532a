"""What was not taken of late: dead letters, and foreign events that wait for the inventory."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping

from qosresolve.replay.dead.letters import Id, Letter, read
from qosresolve.replay.doctor.findings import Finding, Kind, Severity, lasting
from qosresolve.replay.doctor.peek import records
from qosresolve.replay.doctor.site import STALL_S, Site
from qosresolve.replay.reports import latest
from qosresolve.topics import BY_RECORD, DEAD_LETTERS

RECENT_MS = 86_400_000
MOST = 10_000  # of a partition; a flood is a flood
_PARKED = "parked"

DEAD = Kind(
    "dead-letters",
    Severity.WARNING,
    "records could not be taken within the last day: what they say has not been heard",
    "qosresolve dead-letters list",
    "docs/runbooks/dead-letters.md",
)
PARKED = Kind(
    "parked",
    Severity.NOTE,
    "foreign events wait until the inventory knows their object",
    "qosresolve parked list",
    "docs/runbooks/parked.md",
)


def dead(site: Site) -> Iterator[Finding]:
    """Were records buried within the last day, and did nobody decide about them?"""
    places = site.places([DEAD_LETTERS])
    where = site.since(places, time.time_ns() // 1_000_000 - RECENT_MS)
    counts: Counter[int | None] = Counter()
    open_: dict[Id, str] = {}  # their stages

    def count(partition: int | None) -> bool:
        counts[partition] += 1
        return counts[partition] >= MOST

    for message in records(site, where, enough=lambda each: count(each.partition())):
        found = read(message)
        if isinstance(found, Letter):
            open_[found.id] = found.stage
        else:
            open_.pop(found.of, None)
    return buried(Counter(open_.values()))


def buried(stages: Mapping[str, int]) -> Iterator[Finding]:
    """Judge the dead letters of the last day, by the stage at which they failed."""
    total = sum(stages.values())
    if total:
        each = ", ".join(f"{stage} {count}" for stage, count in sorted(stages.items()))
        more = "at least " if max(stages.values()) >= MOST else ""
        yield DEAD.found("dead letters", f"{more}{total} within {lasting(RECENT_MS)}: {each}")


def parked(site: Site) -> Iterator[Finding]:
    """Do foreign events wait?"""
    topic = BY_RECORD.get(_PARKED)
    places = site.places([topic]) if topic else []
    return waiting(len(latest(site.settings, places, stall_s=STALL_S)) if places else 0)


def waiting(count: int) -> Iterator[Finding]:
    """Judge what is parked."""
    if count:
        yield PARKED.found("parked", f"{count} wait")
