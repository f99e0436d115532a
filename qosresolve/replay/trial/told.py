"""An outlook as a tree of named values: what an expectation may name, and what `--json` writes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from qosresolve.contracts.policy.words import format_duration
from qosresolve.replay.trial.outlook import Call, Outlook, Promise, Step, Work


@dataclass(frozen=True, slots=True)
class At:
    """An instant in ms since the epoch, None for none."""

    at: int | None


@dataclass(frozen=True, slots=True)
class Lasts:
    """A duration in ms, None for none."""

    length: int | None


Leaf = At | Lasts | str | int | bool | None
Tree = Leaf | list["Tree"] | dict[str, "Tree"]


def tree(outlook: Outlook) -> dict[str, Tree]:
    """Return all that an outlook says."""
    return {
        "opens": outlook.opened_at is not None,
        "rule": str(outlook.rule),
        "opened": At(outlook.opened_at),
        "tier": outlook.tier,
        "calendar": outlook.calendar,
        "zone": outlook.zone,
        "assignee": outlook.assignee,
        "priority": outlook.priority,
        "respond": _promise(outlook.respond),
        "restore": _promise(outlook.restore),
        "called": list(dict.fromkeys(call.who for call in outlook.calls)),
        "calls": [_call(call) for call in outlook.calls],
        "plan": {work.node: _work(work) for work in reversed(outlook.plan)},
        "feasible": outlook.feasible,
        "forecast": At(outlook.forecast),
        "restored": At(outlook.restored),
        "outcome": None if outlook.outcome is None else str(outlook.outcome),
    }


def _promise(promise: Promise) -> Tree:
    return {
        "target": Lasts(promise.target),
        "due": At(promise.due),
        "thresholds": {str(step.percent): _step(step) for step in promise.thresholds},
        "open": [{"from": At(start), "to": At(end)} for start, end in promise.open],
    }


def _step(step: Step) -> Tree:
    passed: list[Tree] = list(step.passed_over)
    return {"at": At(step.at), "level": step.level, "calls": step.calls, "passed_over": passed}


def _call(call: Call) -> Tree:
    passed: list[Tree] = list(call.passed_over)
    return {"at": At(call.at), "level": call.level, "who": call.who, "why": call.why, "passed_over": passed}


def _work(work: Work) -> Tree:
    return {
        "owner": work.owner,
        "party": work.party,
        "asked": At(work.asked),
        "due": At(work.due),
        "ends": At(work.ends),
        "waited": work.waited,
    }


def plain(value: Tree, zone: ZoneInfo) -> object:
    """Return a tree as plain data: instants in ISO 8601 with the zone's offset, durations as in a policy."""
    if isinstance(value, dict):
        return {name: plain(part, zone) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part, zone) for part in value]
    if isinstance(value, At):
        return None if value.at is None else local(value.at, zone).isoformat(timespec="seconds")
    return format_duration(value.length) if isinstance(value, Lasts) else value


def local(at: int, zone: ZoneInfo) -> datetime:
    """Return an instant on the clocks of a zone."""
    return datetime.fromtimestamp(at / 1_000, UTC).astimezone(zone)
