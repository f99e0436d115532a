"""Facts in words, for people who read a journal. A kind without words of its own is told field by field."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from re import sub
from typing import Any

from qosresolve.cli.times import left, shown
from qosresolve.core import facts as f

_QUIET = ("report_id", "product_id")
_DURATIONS = ("target", "deducted")
_INSTANTS = ("at", "until")
_ENDINGS = ("_at", "_by")


def tell(fact: f.Fact) -> str:
    """Return one fact in words."""
    words = _WORDS.get(type(fact))
    return words(fact) if words else f"{_title(type(fact).__name__)}: {_details(fact)}".rstrip(": ")


def _title(name: str) -> str:
    return sub(r"(?<!^)(?=[A-Z])", " ", name).lower()


def _details(value: Any) -> str:  # noqa: ANN401 - any fact
    return ", ".join(_pairs(value))


def _pairs(value: Any) -> Iterator[str]:  # noqa: ANN401 - any fact
    for field in fields(value):
        item = getattr(value, field.name)
        if field.name in _QUIET or item in ("", None, ()):
            continue
        yield f"{field.name.replace('_', ' ')} {_item(field.name, item)}"


def _item(name: str, item: Any) -> str:  # noqa: ANN401 - any field
    if isinstance(item, int) and not isinstance(item, bool):
        return _number(name, item)
    if isinstance(item, bytes):
        return item.hex()
    if is_dataclass(item):
        return f"({_details(item)})"
    if isinstance(item, tuple):
        return "; ".join(_item(name, part) for part in item)
    return str(item.value if isinstance(item, Enum) else item)


def _number(name: str, item: int) -> str:
    if name in _INSTANTS or name.endswith(_ENDINGS):
        return shown(item)
    return left(item) if name in _DURATIONS else str(item)


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _measured(fact: f.IndicatorMeasured) -> str:
    row = fact.indicator
    value = f" at {row.value} {row.unit}".rstrip() if row.value else ""
    return f"{row.name} of {row.object_id} is {row.state}, {row.severity}{value}"


def _target_set(fact: f.TargetSet) -> str:
    if fact.due_at is None:
        return f"{fact.clock} clock has no target{_because(fact.reason)}"
    return (
        f"{fact.clock} clock is due {shown(fact.due_at)}, target {left(fact.target)}{_because(fact.reason)}"
    )


def _threshold(fact: f.ThresholdReached) -> str:
    skipped = f", passed unseen: {', '.join(map(str, fact.skipped))} %" if fact.skipped else ""
    return f"{fact.percent} % of the {fact.clock} target went by, level {fact.level}{skipped}"


def _planned(fact: f.ObligationPlanned) -> str:
    item = fact.obligation
    target = f" for {item.target}" if item.target else ""
    return f"{item.node} planned{target}, attempt {item.attempt} [{item.obligation_id}]"


def _requested(fact: f.ObligationRequested) -> str:
    return f"{fact.contact or 'owner'} asked, due {shown(fact.due_at)} [{fact.obligation_id}]"


def _answered(fact: f.ObligationAnswered) -> str:
    expected = f", expected {shown(fact.expected_at)}" if fact.expected_at is not None else ""
    return f"answered {fact.state}{expected}{_because(fact.note)} [{fact.obligation_id}]"


def _chased(fact: f.ObligationChased) -> str:
    did = "turned to" if fact.reason == "nextContact" else f"reminded ({fact.reason})"
    return f"{did} {fact.contact or 'owner'}, again {shown(fact.next_at)} [{fact.obligation_id}]"


def _late(fact: f.ObligationThresholdReached) -> str:
    return f"{fact.percent} % of the time for it went by, level {fact.level} [{fact.obligation_id}]"


def _cause(fact: f.RootCauseIdentified) -> str:
    cause = fact.root_cause
    where = f" in {cause.entity}" if cause.entity else ""
    whose = f" of {cause.party}" if cause.party else ""
    return f"root cause: {cause.kind}{where}{whose}, says {cause.source}"


def _held(fact: f.HoldStarted) -> str:
    hold = fact.hold
    until = f" until {shown(hold.until)}" if hold.until is not None else ""
    clocks = " and ".join(hold.clocks) or "no"
    return f"{clocks} clock stands still: {hold.reason}, since {shown(hold.since)}{until}"


def _finding(fact: f.FindingRecorded) -> str:
    item = fact.finding
    where = f" in {item.entity}" if item.entity else ""
    return f"finding of {item.source}: {item.cause_kind}{where}{_because(item.text)}"


_WORDS: dict[type[Any], Callable[[Any], str]] = {
    f.ReportOpened: lambda fact: f"report {fact.report_id} opened, {fact.severity}, tier {fact.tier or '-'}",
    f.IndicatorMeasured: _measured,
    f.SeverityChanged: lambda fact: f"severity is now {fact.severity}",
    f.TargetSet: _target_set,
    f.ThresholdReached: _threshold,
    f.TargetBreached: lambda fact: f"{fact.clock} target breached, it was due {shown(fact.due_at)}",
    f.ClockStopped: lambda fact: f"{fact.clock} clock stopped {shown(fact.at)}: {fact.outcome}",
    f.Restored: lambda fact: f"restored {shown(fact.at)}, to be cleared by {shown(fact.clear_by)}",
    f.StatusChanged: lambda fact: f"status {fact.previous} -> {fact.status}{_because(fact.reason)}",
    f.ReportRepaired: lambda fact: (
        f"{'set to' if fact.report else 'removed, by'} what the journal says, "
        f"by {fact.actor}{_because(fact.reason)}"
    ),
    f.InformationChanged: lambda fact: f"{fact.field} is now {fact.value or 'empty'}",
    f.FindingRecorded: _finding,
    f.RootCauseIdentified: _cause,
    f.NoteAdded: lambda fact: f"note by {fact.author or '-'}: {fact.text}",
    f.HoldStarted: _held,
    f.HoldEnded: lambda fact: f"hold {fact.hold_id} ended {shown(fact.at)}{_because(fact.reason)}",
    f.ObligationPlanned: _planned,
    f.ObligationRequested: _requested,
    f.ObligationAnswered: _answered,
    f.ObligationChased: _chased,
    f.ObligationThresholdReached: _late,
    f.ObligationOverdue: lambda fact: f"overdue since {shown(fact.due_at)} [{fact.obligation_id}]",
    f.ObligationEnded: lambda fact: f"{fact.state}{_because(fact.reason)} [{fact.obligation_id}]",
    f.EscalationRaised: lambda fact: f"escalated to level {fact.level}, {fact.target}{_because(fact.reason)}",
    f.EscalationEnded: lambda fact: f"escalation ended{_because(fact.reason)}",
    f.AlarmSettled: lambda fact: f"alarm settled, the next is number {fact.alarm}",
}
