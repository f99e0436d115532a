"""Decides, from a run's history and the topics, whether anything was lost, doubled, reordered or torn.

Called as `python -m tests.chaos.checker HISTORY`. The topics are read from the file that the run kept beside
its history (`topics.msgpack`), or from the brokers that the history names if there is none. Exit status: 0
when nothing is wrong, 1 when something is.
"""

import sys
from pathlib import Path

from rich.console import Console

from qosresolve.settings import Settings
from tests.chaos import evidence, history, told
from tests.chaos.evidence import Evidence, Violation
from tests.chaos.history import Event
from tests.chaos.ledger import Ledger, Rewind
from tests.chaos.rules import broken
from tests.chaos.rules import run as of_run

KEPT = "topics.msgpack"


def checked(found: Evidence, events: list[Event]) -> tuple[Ledger, list[Violation]]:
    """Return the ledger, and everything that is wrong."""
    ledger = Ledger(found, rewinds=list(_rewinds(events)))
    violations = broken(ledger)
    violations += of_run.acknowledged(ledger, events)
    violations += of_run.believed(ledger, events)
    violations += of_run.processes(events)
    violations += of_run.witnesses(events)
    violations += of_run.tools(events)
    return ledger, violations


def _rewinds(events: list[Event]) -> list[Rewind]:
    return [
        Rewind(
            int(event.wall * 1000), frozenset((topic, at, offset) for topic, at, offset in event["offsets"])
        )
        for event in events
        if event.kind == "rewound"
    ]


def found(path: Path, events: list[Event]) -> Evidence:
    """Return what the topics hold: kept beside the history, else read from the brokers."""
    file = path.with_name(KEPT)
    if file.exists():
        return evidence.kept(file)
    run = next(event for event in events if event.kind == "run")
    quiet = next(event for event in events if event.kind == "quiet")
    return evidence.take(Settings.model_validate(run["settings"]), quiet["at"])


def main(path: Path) -> int:
    """Check one run, and tell."""
    events = list(history.read(path))
    ledger, violations = checked(found(path, events), events)
    told.tell(Console(), ledger, events, violations)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
