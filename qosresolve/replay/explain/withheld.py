"""What fell due and was told late, or never, and what was told and called nobody: with the reason. Pure."""

from collections.abc import Iterator

from qosresolve.core.facts import (
    ClockStopped,
    EscalationRaised,
    ObligationOverdue,
    ObligationThresholdReached,
    PlanInfeasible,
    TargetBreached,
    TargetSet,
    ThresholdReached,
)
from qosresolve.core.policy import Policy
from qosresolve.core.report import Report
from qosresolve.core.targets import CLOCKS, clock_of
from qosresolve.core.vocabulary import ClockName
from qosresolve.replay.explain.history import History, Moment
from qosresolve.replay.explain.messages import LATE
from qosresolve.replay.explain.model import Silence
from qosresolve.replay.explain.words import instant, lasting

_ALARMING = (ThresholdReached, TargetBreached, ObligationThresholdReached, ObligationOverdue, PlanInfeasible)


def withheld(history: History, report: Report, policy: Policy) -> tuple[Silence, ...]:
    """Return the calls of a report that did not come, or came late, by the instant at which they were due."""
    zone = policy.calendar_of(report).zone
    found = [item for name in CLOCKS for item in _of_clock(history, report, name, zone)]
    found += _uncalled(history, report, policy)
    return tuple(sorted(found, key=lambda item: item.since))


def _of_clock(history: History, report: Report, name: ClockName, zone: str) -> Iterator[Silence]:
    """Look at each target that a clock had, from its setting until the next, or the clock's end."""
    moments = [item for item in history.about(report.report_id) if getattr(item.fact, "clock", None) is name]
    turns = [item for item in moments if isinstance(item.fact, TargetSet | ClockStopped)]
    for number, turn in enumerate(turns):
        if isinstance(turn.fact, TargetSet):
            following = turns[number + 1] if number + 1 < len(turns) else None
            yield from _of_version(history, moments, turn, following, zone)


def _of_version(
    history: History, moments: list[Moment], turn: Moment, following: Moment | None, zone: str
) -> Iterator[Silence]:
    fact = turn.fact
    assert isinstance(fact, TargetSet)  # noqa: S101 - chosen by that
    begins = turn.entry.now
    ends = following.entry.now if following else history.at
    told = _told(moments, turn, following)
    before = turn.before.report(fact.report_id)
    clock = (
        None if before is None else (before.respond if fact.clock is ClockName.RESPOND else before.restore)
    )
    wanted = [(item.percent, item.due_at) for item in fact.thresholds if not item.reached]
    if fact.due_at is not None and (clock is None or clock.breached_at is None):
        wanted.append((100, fact.due_at))
    for percent, due_at in wanted:
        at = told.get(percent)
        if due_at > ends or due_at + LATE > history.at or (at is not None and at - due_at <= LATE):
            continue
        what = f"{fact.clock} {'breach' if percent == 100 else f'{percent} %'} {instant(due_at, zone)}"
        if at is None and following is not None and isinstance(following.fact, ClockStopped):
            why = _stopped(history, fact, due_at, following.fact, zone)
        elif at is None and following is not None:
            moved = getattr(following.fact, "reason", "")
            why = f"the next target ({moved}) had moved it before anybody looked"
        else:
            why = _because(history, fact, max(due_at, begins), past=due_at < begins)
        late = "not told" if at is None else f"told {lasting(at - due_at)} late"
        yield Silence("escalation", f"{what} {late}: {why}", due_at, at)


def _told(moments: list[Moment], turn: Moment, following: Moment | None) -> dict[int, int]:
    """Return when each threshold was told while a target stood; 100 is the breach."""
    told: dict[int, int] = {}
    first = moments.index(turn)
    last = len(moments) if following is None else moments.index(following)
    for item in moments[first:last]:
        if isinstance(item.fact, ThresholdReached):
            told |= dict.fromkeys((item.fact.percent, *item.fact.skipped), item.entry.now)
        elif isinstance(item.fact, TargetBreached):
            told[100] = item.entry.now
    return told


def _stopped(history: History, was: TargetSet, due_at: int, fact: ClockStopped, zone: str) -> str:
    if fact.at <= due_at:
        known = f"the clock had stopped {instant(fact.at, zone)} ({fact.outcome})"
        withheld_by = _standing(history, was, due_at)
        return f"{known}" + (f"; {withheld_by} at that time" if withheld_by else "")
    return _because(history, was, due_at, past=False)


def _because(history: History, was: TargetSet, at: int, *, past: bool) -> str:
    standing = _standing(history, was, at)
    if standing:
        return standing
    if past:
        return "it lay in the past already when the target was set"
    return "nobody looked in time: no deadline was taken; was the timer or the worker away?"


def _standing(history: History, was: TargetSet, at: int) -> str:
    """Return what withheld calls at an instant, nothing where nothing did."""
    for since, until, report in history.stands(was.report_id):
        if since <= at < until or (since == until == at):
            held = clock_of(report, was.clock).held_since is not None
            reasons = [hold.reason for hold in report.holds if hold.active and was.clock in hold.clocks]
            return _silent(report) or (f"held ({', '.join(reasons)})" if held else "")
    return ""


def _silent(report: Report) -> str:
    if report.maintained:
        return "in a maintenance window"
    return "good news was waiting to be believed (debounce)" if report.debouncing else ""


def _uncalled(history: History, report: Report, policy: Policy) -> Iterator[Silence]:
    """Yield what put the report in jeopardy, and called nobody."""
    for moment in history.about(report.report_id):
        fact = moment.fact
        if not isinstance(fact, _ALARMING) or _calls(moment):
            continue
        stands = moment.after.report(report.report_id)
        why = _uncalled_why(fact, stands, policy) if stands else ""
        yield Silence(
            "escalation", f"{_what(fact)} called nobody: {why}", moment.entry.now, None, moment.origin
        )


def _calls(moment: Moment) -> bool:
    return any(isinstance(fact, EscalationRaised) for fact in moment.entry.facts)


def _what(fact: object) -> str:
    if isinstance(fact, ThresholdReached):
        return f"{fact.percent} % of the {fact.clock} target"
    if isinstance(fact, TargetBreached):
        return f"the breach of the {fact.clock} target"
    if isinstance(fact, ObligationThresholdReached):
        return f"{fact.percent} % of the time of request {fact.obligation_id}"
    return "a plan that ends too late" if isinstance(fact, PlanInfeasible) else "a request that is overdue"


def _uncalled_why(fact: object, report: Report, policy: Policy) -> str:
    level = policy.overdue_level if isinstance(fact, ObligationOverdue) else getattr(fact, "level", None)
    if level == 0:
        return "its level is 0"
    if report.restored_at is not None:
        return "the report was restored"
    silent = _silent(report)
    if silent:
        return silent
    called = report.escalation.level
    return f"level {called} had been called already" if called else "jeopardy was over with the same input"
