"""Inputs that were not simply applied, from refused to sent again, with the rule's meaning. Pure."""

from collections.abc import Iterable

from qosresolve.core.facts import DeadLettered, Entry
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome
from qosresolve.replay.explain.history import origin_of
from qosresolve.replay.explain.model import Silence

_QUIET = (Rule.STALE_ALARM, Rule.TOO_EARLY, Rule.NO_SUCH_ALARM)  # the timer's ordinary life


def unapplied(entries: Iterable[Entry], since: int = 0, until: int | None = None) -> tuple[Silence, ...]:
    """Return the inputs of a span that were not simply applied, in order."""
    return tuple(
        Silence("input", _text(entry), entry.now, None, origin_of(entry))
        for entry in entries
        if _odd(entry) and since <= entry.now and (until is None or entry.now <= until)
    )


def _odd(entry: Entry) -> bool:
    plain = entry.outcome in (Outcome.APPLIED, Outcome.CONTROL) and not entry.rule
    return not plain and entry.rule not in _QUIET


def _text(entry: Entry) -> str:
    dead = next((fact for fact in entry.facts if isinstance(fact, DeadLettered)), None)
    more = f" ({dead.error}; {dead.remedy})" if dead else ""
    name = f"{entry.outcome} by {entry.rule}" if entry.rule else f"{entry.outcome}"
    return f"{name}: {entry.rule.meaning}{more}"
