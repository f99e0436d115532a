"""The report and watch topics are the fold of the journal, by value: in every record, and at the end."""

from collections.abc import Iterator

from qosresolve.replay.differences import mismatch
from qosresolve.topics import REPORT, WATCH
from tests.chaos.evidence import Violation
from tests.chaos.ledger import Key, Ledger, State


def folded(ledger: Ledger) -> Iterator[Violation]:
    """Every record that compaction has left is a value of the fold, in order; the last one is the last."""
    stored = ledger.stored(REPORT) | ledger.stored(WATCH)
    final = ledger.final
    for key in sorted(stored.keys() | final.keys()):
        last = stored[key][-1] if key in stored else None
        found = mismatch(key[1], key[2], final.get(key), last)
        if found is not None:
            yield Violation(
                "torn",
                f"{key}: {found.kind} {found.path} journal {found.journal!r} topic {found.topic!r}",
            )
    for key, values in stored.items():
        yield from _in_order(key, values, ledger.values.get(key, []))


def _in_order(key: Key, stored: list[State | None], folded: list[State | None]) -> Iterator[Violation]:
    """Each stored value is found in the fold, behind the one before it."""
    at = 0
    for value in stored:
        where = next((later for later in range(at, len(folded)) if folded[later] == value), None)
        if where is None:
            kind = "reordered" if value in folded else "torn"
            told = "a tombstone" if value is None else f"revision {value.revision}"
            yield Violation(kind, f"{key}: {told} is no value of the fold, or in the wrong order")
            return
        at = where
