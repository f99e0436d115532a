"""Why a report is silent, open or unasked as it stands: what it waits for. Pure."""

from collections.abc import Iterator

from qosresolve.core.calendar import next_open
from qosresolve.core.clocks import Clock
from qosresolve.core.obligation import Obligation
from qosresolve.core.plan import counts
from qosresolve.core.policy import Policy
from qosresolve.core.report import MAINTENANCE, Report
from qosresolve.core.targets import CLOCKS, clock_of
from qosresolve.core.vocabulary import ClockName, IndicatorState, ObligationState, Status
from qosresolve.replay.explain.history import History
from qosresolve.replay.explain.model import Silence
from qosresolve.replay.explain.promises import untargeted
from qosresolve.replay.explain.words import instant, lasting

UNTAKEN = 60_000  # ms after which an alarm that nobody took is worth a word


def quiet(history: History, report: Report, policy: Policy) -> tuple[Silence, ...]:
    """Return why nobody is called, nothing is cleared and nothing is asked as things stand."""
    zone, at = policy.calendar_of(report).zone, history.at
    parts = (
        _calls(report, policy, zone),
        _uncleared(report, policy, zone),
        _unasked(report, policy, at, zone),
    )
    found = [item for part in parts for item in part]
    if report.due is not None and report.due + UNTAKEN < at and history.case.report(report.report_id):
        text = (
            f"its alarm {instant(report.due, zone)} was not taken for {lasting(at - report.due)}: "
            "do the timer and the worker run?"
        )
        found.append(Silence("alarm", text, report.due))
    return tuple(found)


# -- nobody is called


def _calls(report: Report, policy: Policy, zone: str) -> Iterator[Silence]:
    call = report.escalation
    if not report.open:
        yield _is("escalation", f"the report is {report.status}: nobody is called", report.updated_at)
        return
    if report.restored_at is not None:
        yield _is(
            "escalation",
            f"restored {instant(report.restored_at, zone)}: nobody is called",
            report.restored_at,
        )
        return
    hold = report.hold(MAINTENANCE)
    if hold is not None:
        until = f" until {instant(hold.until, zone)}" if hold.until is not None else ""
        yield _is("escalation", f"in a maintenance window{until}: chain and samples are silent", hold.since)
    if report.debouncing:
        yield _is(
            "escalation", f"good news waits to be believed: {_debounce(report, zone)}", report.updated_at
        )
    if call.acknowledged_until is not None:
        until = instant(call.acknowledged_until, zone)
        text = f"acknowledged by {call.acknowledged_by} until {until}: the chain stands still"
        yield _is("escalation", text, call.raised_at or report.updated_at)
    elif call.level and call.next_at is None:
        yield _is(
            "escalation", f"the chain is at its end: level {call.level} was called", call.raised_at or 0
        )
    elif call.next_at is not None:
        text = f"level {call.level} is called ({call.target}): next call {instant(call.next_at, zone)}"
        yield _is("escalation", text, call.raised_at or 0)
    for name in CLOCKS:
        yield from _clock(report, policy, name, zone)


def _clock(report: Report, policy: Policy, name: ClockName, zone: str) -> Iterator[Silence]:
    clock = clock_of(report, name)
    if clock.due_at is None:
        none = "; ".join(untargeted(report, policy, name)) or "the policy promises none"
        yield _is("escalation", f"{name} has no target: {none}", clock.started_at)
    elif not clock.running:
        yield _is("escalation", f"{name} has ended: {clock.outcome}", clock.stopped_at or clock.started_at)
    elif clock.held_since is not None:
        reasons = ", ".join(hold.reason for hold in report.holds if hold.active and name in hold.clocks)
        yield _is("escalation", f"the {name} clock stands still: {reasons}", clock.held_since)
    else:
        yield from _next(clock, name, zone)


def _next(clock: Clock, name: ClockName, zone: str) -> Iterator[Silence]:
    following = [item for item in clock.thresholds if not item.reached]
    if following:
        first = following[0]
        level = "level 0: it will call nobody" if first.level == 0 else f"level {first.level}"
        text = f"{name} {first.percent} % is due {instant(first.due_at, zone)}, {level}"
        yield _is("escalation", text, clock.started_at)
    elif clock.breached_at is None and clock.due_at is not None:
        yield _is("escalation", f"{name} breach is due {instant(clock.due_at, zone)}", clock.started_at)


# -- nothing is cleared


def _uncleared(report: Report, policy: Policy, zone: str) -> Iterator[Silence]:
    if report.status is Status.CLEARED:
        text = "only Close's word closes it"
        if report.close_reminder_at is not None:
            text += f"; Close is reminded {instant(report.close_reminder_at, zone)}"
        yield _is("clear", text, report.cleared_at or report.updated_at)
    if not report.open:
        return
    if report.restored_at is None:
        for row in report.degraded:
            state = f"{row.name} on {row.object_id} is {row.state}"
            yield _is("clear", f"not restored: {state}{_row(row.state, row.clear_at, zone)}", row.started_at)
        if not report.indicators:
            yield _is("clear", "not restored: no indicator says so, and nobody's word", report.opened_at)
        return
    for item in report.obligations:
        if item.unfinished and counts(item):
            blocks = policy.node(item.node).blocks_clear
            until = f", at most until {instant(report.clear_by, zone)}" if report.clear_by is not None else ""
            how = "which blocks clearing until it ends or is given up" if blocks else f"which runs{until}"
            yield _is(
                "clear", f"restored, but waits for {item.node} ({item.state}), {how}", report.restored_at
            )


def _row(state: IndicatorState, clear_at: int | None, zone: str) -> str:
    if clear_at is not None:
        return f", believed good {instant(clear_at, zone)} if no bad sample comes"
    if state is IndicatorState.STALE:
        return ": no sample comes, and silence is never good"
    return ", silenced by a maintenance window" if state is IndicatorState.SUPPRESSED else ""


def _debounce(report: Report, zone: str) -> str:
    waiting = [
        f"{row.name} on {row.object_id} until {instant(row.clear_at, zone)}"
        for row in report.degraded
        if row.clear_at is not None
    ]
    return ", ".join(waiting)


# -- nothing is asked


def _unasked(report: Report, policy: Policy, at: int, zone: str) -> Iterator[Silence]:
    for item in report.obligations:
        if item.state is ObligationState.PLANNED:
            why = _waits_for(report, item, policy, at, zone)
            yield _is("work", f"{item.node} is planned and not asked for: {why}", report.updated_at)


def _waits_for(report: Report, item: Obligation, policy: Policy, at: int, zone: str) -> str:
    node, before = policy.node(item.node), policy.upstream.get(item.node, frozenset())
    first = [
        f"{one.node} ({one.state})" for one in report.obligations if one.node in before and not one.ended
    ]
    slot = f", slot {node.slot}" if node.slot else ""
    if node.blocks_clear and report.restored_at is None:
        return "it checks what is restored, and nothing is yet"
    if first:
        return f"it waits for {', '.join(first)}"
    if item.chase_at is not None and item.chase_at > at:
        return f"not before {instant(item.chase_at, zone)}{slot}"
    if node.slot:
        return f"not before {instant(next_open(policy.calendars[node.slot], at), zone)}{slot}"
    return "it is asked for with the next input"


def _is(about: str, text: str, since: int) -> Silence:
    return Silence(about, text, since)
