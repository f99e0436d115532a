"""Why each escalation and request went out: its reason, its input, and what was left out on the way. Pure."""

from collections.abc import Callable, Iterator
from typing import Any

from qosresolve.core import facts as f
from qosresolve.core.calendar import is_open, next_open
from qosresolve.core.obligation import AGAIN, SILENCE, Obligation
from qosresolve.core.policy import ChainLevel, Policy
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import NodeKind
from qosresolve.replay.explain.history import History, Moment, named, obligation_of
from qosresolve.replay.explain.model import Message
from qosresolve.replay.explain.words import instant, lasting

ESCALATE = "Escalate/End"
COORDINATE = "Co-ordinate"
ENGAGE = "Engage suppliers"
LATE = 5_000  # ms between the due instant and the record that told it, above which it is worth a word


def messages(history: History, report: Report, policy: Policy) -> tuple[Message, ...]:
    """Return every message of a report in the order in which it went out."""
    zone = policy.calendar_of(report).zone
    made = []
    for moment in history.about(report.report_id):
        build = _TABLE.get(type(moment.fact))
        if build is not None:
            made.append(build(moment, policy, zone))
    return tuple(made)


# -- the escalation


def _raised(moment: Moment, policy: Policy, zone: str) -> Message:
    fact = moment.fact
    assert isinstance(fact, f.EscalationRaised)  # noqa: S101 - the table's key says so
    over = [_passed_over(name, policy, fact.at, zone) for name in fact.passed_over]
    details = [text for text, _ in over]
    details += _thresholds(moment, zone)
    if fact.due_at is not None:
        details.append(f"{fact.clock} deadline {instant(fact.due_at, zone)}")
    if fact.repeats:
        details.append(f"repeat {fact.repeats}")
    details.append(
        "nobody is called after this" if fact.next_at is None else f"next call {instant(fact.next_at, zone)}"
    )
    return Message(
        moment.entry.now, "escalation", f"called at level {fact.level}, {fact.jeopardy}", fact.target,
        fact.reason, ESCALATE, moment.origin, tuple(details),
        tuple(f"escalation to level {fact.level}: {wrong}" for _, wrong in over if wrong),
    )  # fmt: skip


def _passed_over(name: str, policy: Policy, at: int, zone: str) -> tuple[str, str]:
    """Return why somebody was passed over, and what is wrong with that."""
    for step in policy.chain:
        if name in (step.target, f"level {step.level}"):
            return _off_duty(name, step, policy, at, zone)
    return f"passed over: {name}, whom the policy does not name", f"{name} is not in the chain"


def _off_duty(name: str, step: ChainLevel, policy: Policy, at: int, zone: str) -> tuple[str, str]:
    if not step.target:
        return f"passed over: level {step.level} is vacant", ""
    if not step.calendar:
        return f"passed over: {name}", f"{name} is always on duty, and was passed over"
    calendar = policy.calendars[step.calendar]
    if is_open(calendar, at):
        return f"passed over: {name}", f"{name} was on duty by {step.calendar}, and was passed over"
    back = instant(next_open(calendar, at), zone)
    return f"passed over: {name}, off duty by {step.calendar} until {back}", ""


def _thresholds(moment: Moment, zone: str) -> Iterator[str]:
    """Yield which thresholds the same input told with this call, and how late."""
    for fact in moment.entry.facts:
        if isinstance(fact, _TOLD):
            late = moment.entry.now - fact.due_at
            if late > LATE:
                due = instant(fact.due_at, zone)
                yield f"{_which(fact)} fell due {due}, {lasting(late)} before it was told"
        if isinstance(fact, f.ThresholdReached | f.ObligationThresholdReached) and fact.skipped:
            lower = ", ".join(f"{percent} %" for percent in fact.skipped)
            yield f"skipped {lower}: passed before anybody looked, only {fact.percent} % is told"


_TOLD = (f.ThresholdReached, f.TargetBreached, f.ObligationThresholdReached, f.ObligationOverdue)


def _which(fact: object) -> str:
    if isinstance(fact, f.ThresholdReached):
        return f"{fact.clock} {fact.percent} %"
    if isinstance(fact, f.TargetBreached):
        return f"{fact.clock} breach"
    return f"request {fact.percent} %" if isinstance(fact, f.ObligationThresholdReached) else "request"


def _ended(moment: Moment, _: Policy, __: str) -> Message:
    fact = moment.fact
    assert isinstance(fact, f.EscalationEnded)  # noqa: S101 - the table's key says so
    return _plain(moment, "escalation", f"ended at level {fact.level}", "", fact.reason)


def _acknowledged(moment: Moment, _: Policy, zone: str) -> Message:
    fact = moment.fact
    assert isinstance(fact, f.EscalationAcknowledged)  # noqa: S101 - the table's key says so
    reason = f"the chain stands still until {instant(fact.until, zone)}"
    return _plain(moment, "escalation", f"acknowledged by {fact.actor}", "", reason)


def _expired(moment: Moment, _: Policy, zone: str) -> Message:
    fact = moment.fact
    assert isinstance(fact, f.AcknowledgementExpired)  # noqa: S101 - the table's key says so
    if fact.next_at is None:
        return _plain(
            moment, "escalation", "chain ended", "", "the highest level was called; nobody is above"
        )
    reason = f"not solved in time: the chain goes on {instant(fact.next_at, zone)}"
    return _plain(moment, "escalation", "acknowledgement expired", "", reason)


def _plain(moment: Moment, about: str, what: str, to: str, reason: str) -> Message:
    return Message(moment.entry.now, about, what, to, reason, ESCALATE, moment.origin)


# -- requests


def _asked(moment: Moment, policy: Policy, zone: str) -> Message:
    fact, item = moment.fact, obligation_of(moment)
    assert isinstance(fact, f.ObligationRequested)  # noqa: S101 - the table's key says so
    report = moment.before.report(fact.report_id)
    reason = _laid_out_by(item, report)
    details = list(_after(item, report, policy))
    details += [f"due {instant(fact.due_at, zone)}", f"to be accepted by {instant(fact.accept_by, zone)}"]
    return _request(moment, "asked", item, reason, tuple(details))


def _laid_out_by(item: Obligation, report: Report | None) -> str:
    """Return what laid a piece of work out."""
    cause = (
        next((one for one in report.root_causes if one.cause_id == item.cause_id), None) if report else None
    )
    again = f", attempt {item.attempt}" if item.attempt > 1 else ""
    if cause is not None:
        entity = f" in {cause.entity}" if cause.entity else ""
        return f"root cause {cause.kind}{entity} found by {cause.source}{again}"
    if item.cause_id.startswith("round-"):
        return f"plan{again}"
    if item.cause_id.startswith(AGAIN):
        return f"nobody had anything left to do: analysed again{again}"
    if item.cause_id.startswith(SILENCE):
        return f"no sample came: somebody has to look{again}"
    if item.cause_id.startswith("question:"):
        return f"a party asked something{again}"
    why = "an attempt came to nothing" if item.cause_id.startswith("after:") else item.cause_id
    return f"{why}{again}"


def _after(item: Obligation, report: Report | None, policy: Policy) -> Iterator[str]:
    before = policy.upstream.get(item.node, frozenset())
    done = [one for one in report.obligations if one.node in before and one.ended] if report else []
    if done:
        yield "after " + ", ".join(f"{one.node} {one.state}" for one in done)


def _chased(moment: Moment, _: Policy, zone: str) -> Message:
    fact, item = moment.fact, obligation_of(moment)
    assert isinstance(fact, f.ObligationChased)  # noqa: S101 - the table's key says so
    reasons = {
        "notAccepted": f"not accepted by {_old(moment, 'accept_by', zone)}",
        "overdue": f"no end by {_old(moment, 'chase_at', zone)}",
        "notConfirmed": f"withdrawal not confirmed by {_old(moment, 'chase_at', zone)}",
        "nextContact": "no answer after the last reminder: the next contact",
    }
    what = "reminded" if fact.reminders else "handed on"
    return _request(moment, what, item, reasons.get(fact.reason, fact.reason), ())


def _old(moment: Moment, field: str, zone: str) -> str:
    fact: Any = moment.fact
    report = moment.before.report(fact.report_id)
    item = report.obligation(fact.obligation_id) if report else None
    at = getattr(item, field, None)
    return "-" if at is None else instant(at, zone)


def _told(moment: Moment, _: Policy, __: str) -> Message:
    fact: Any = moment.fact
    return _request(moment, "told", obligation_of(moment), fact.reason, ())


def _withdrawn(moment: Moment, _: Policy, zone: str) -> Message:
    fact = moment.fact
    assert isinstance(fact, f.WithdrawalRequested)  # noqa: S101 - the table's key says so
    details = (f"to be confirmed by {instant(fact.confirm_by, zone)}",)
    return _request(moment, "asked to stop", obligation_of(moment), fact.reason, details)


def _refused(moment: Moment, _: Policy, zone: str) -> Message:
    fact = moment.fact
    assert isinstance(fact, f.ResolutionRefused)  # noqa: S101 - the table's key says so
    details = (f"looked at again {instant(fact.chase_at, zone)}",)
    return _request(
        moment, "resolution refused", obligation_of(moment), f"still bad: {fact.evidence}", details
    )


def _replied(moment: Moment, _: Policy, __: str) -> Message:
    fact = moment.fact
    assert isinstance(fact, f.InformationGiven)  # noqa: S101 - the table's key says so
    return _request(moment, "answered", obligation_of(moment), f"{fact.actor or 'owner'}: {fact.reply}", ())


def _request(moment: Moment, what: str, item: Obligation, reason: str, details: tuple[str, ...]) -> Message:
    process = ENGAGE if item.kind is NodeKind.SUPPLIER else COORDINATE
    about = named(item, moment.after.report(getattr(moment.fact, "report_id", "")))
    return Message(
        moment.entry.now, about, what, item.contact, reason, process, moment.origin, details
    )  # fmt: skip


_TABLE: dict[type[Any], Callable[[Moment, Policy, str], Message]] = {
    f.EscalationRaised: _raised,
    f.EscalationEnded: _ended,
    f.EscalationAcknowledged: _acknowledged,
    f.AcknowledgementExpired: _expired,
    f.ObligationRequested: _asked,
    f.ObligationChased: _chased,
    f.ObligationUpdated: _told,
    f.WithdrawalRequested: _withdrawn,
    f.ResolutionRefused: _refused,
    f.InformationGiven: _replied,
}
