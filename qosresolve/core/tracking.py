"""How any obligation is asked, answered, chased and withdrawn.

One mechanism for activities, trouble requests and engagements. What is to be asked is decided by Co-ordinate
and Engage; here it is followed up until it ends or somebody gave up.
"""

from qosresolve.core import plan
from qosresolve.core.calendar import due as due_after
from qosresolve.core.calendar import open_between
from qosresolve.core.clocks import Threshold
from qosresolve.core.decision import Verdict, applied, no_op, noted, refused
from qosresolve.core.facts import (
    Fact,
    Facts,
    ObligationAnswered,
    ObligationChased,
    ObligationEnded,
    ObligationRequested,
    ObligationScheduled,
    ObligationUpdated,
    ResolutionRefused,
    WithdrawalRequested,
)
from qosresolve.core.inputs import Answer
from qosresolve.core.obligation import Obligation
from qosresolve.core.policy import Policy, Terms
from qosresolve.core.report import Indicator, Report
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import AnswerState, IndicatorState, NodeKind, ObligationState

_STATES = {
    AnswerState.ACCEPTED: ObligationState.ACCEPTED,
    AnswerState.IN_PROGRESS: ObligationState.IN_PROGRESS,
    AnswerState.INFORMATION_REQUIRED: ObligationState.IN_PROGRESS,
    AnswerState.RESOLVED: ObligationState.RESOLVED,
    AnswerState.REJECTED: ObligationState.REJECTED,
    AnswerState.CANCELLED: ObligationState.CANCELLED,
}

_BEGUN = (ObligationState.IN_PROGRESS, ObligationState.CHECKING)
_MEASURED = (NodeKind.RESTORATION, NodeKind.REPAIR, NodeKind.SERVICE_TROUBLE, NodeKind.SUPPLIER)


def terms_of(obligation: Obligation, policy: Policy) -> tuple[Terms, tuple[str, ...]]:
    """Return the follow-up terms and the contacts, in order, of an obligation."""
    if obligation.kind is NodeKind.SUPPLIER:
        party = policy.party(obligation.party)
        return party.terms, party.contacts
    node = policy.node(obligation.node)
    return node.terms, (node.owner, *node.fallback)


def ask(report: Report, obligation: Obligation, policy: Policy, now: int) -> Fact:
    """Return that the other party is asked now, or that its slot is yet to come."""
    node = policy.node(obligation.node)
    begins = plan.begins_at(report, policy, node, now)
    if begins > now:
        reason = f"slot {node.slot}" if node.slot else "not before its time"
        return ObligationScheduled(report.report_id, obligation.obligation_id, begins, reason)
    terms, contacts = terms_of(obligation, policy)
    if obligation.kind is NodeKind.SUPPLIER:
        due_at = now + policy.party(obligation.party).resolve_within  # its clock is its own
    else:
        due_at = plan.due_at(report, policy, node, now)
    return ObligationRequested(
        report.report_id,
        obligation.obligation_id,
        now,
        contacts[0],
        now + terms.accept_within,
        due_at,
        _thresholds(obligation, policy, now, due_at),
    )


def _thresholds(obligation: Obligation, policy: Policy, now: int, due_at: int) -> tuple[Threshold, ...]:
    """Return the thresholds of the other party's own clock, in the open time that it has."""
    if not policy.work_thresholds:
        return ()
    calendar = policy.calendars[policy.node(obligation.node).calendar]
    has = open_between(calendar, now, due_at)
    return tuple(
        Threshold(rule.percent, rule.level, due_after(calendar, now, has * rule.percent // 100))
        for rule in sorted(policy.work_thresholds, key=lambda rule: rule.percent)
    )


def answered(report: Report, answer: Answer, policy: Policy, now: int) -> Verdict:
    """Return what an answer does to the obligation it names."""
    obligation = report.obligation(answer.obligation_id)
    if obligation is None:
        return refused(Rule.NO_SUCH_OBLIGATION)
    if obligation.state is ObligationState.PLANNED:
        return refused(Rule.NO_SUCH_OBLIGATION)  # nobody was asked yet
    if answer.state is AnswerState.UNKNOWN:
        return refused(Rule.UNKNOWN_WORD)
    if obligation.ended:
        return noted(Rule.ALREADY_ENDED)
    if obligation.state is ObligationState.WITHDRAWING:
        return _answered_while_withdrawing(report, obligation, answer, now)
    return applied(_answer(report, obligation, answer, policy, now))


def _answer(report: Report, obligation: Obligation, answer: Answer, policy: Policy, now: int) -> Fact:
    state = _STATES[answer.state]
    if state is ObligationState.ACCEPTED and obligation.state in _BEGUN:
        state = obligation.state  # told late: work that has begun is accepted
    chase_at = None
    if state is ObligationState.RESOLVED and _unmeasured(report, obligation, policy):
        state, chase_at = ObligationState.CHECKING, now + policy.times.check_within
    if state is obligation.state is ObligationState.CHECKING:
        chase_at = obligation.chase_at  # said again: the check counts from the first word
    if state in (ObligationState.ACCEPTED, ObligationState.IN_PROGRESS):
        terms, _ = terms_of(obligation, policy)
        promised = answer.expected_at or obligation.expected_at or obligation.due_at or now
        chase_at = max(promised, now + terms.remind_every)
    return ObligationAnswered(
        report.report_id,
        obligation.obligation_id,
        state,
        now,
        chase_at,
        answer.expected_at,
        answer.external_id,
        answer.note,
    )


def _unmeasured(report: Report, obligation: Obligation, policy: Policy) -> bool:
    """Tell whether what a party says it has resolved is still to be measured good."""
    checks = policy.times.check_within > 0 and obligation.kind in _MEASURED
    return checks and report.open and not _good(report, obligation)


def _good(report: Report, obligation: Obligation) -> bool:
    """Tell whether all that an obligation is to mend is good; what is only about to be believed is not."""
    return all(row.state is IndicatorState.GOOD for row in concerned(report, obligation))


def concerned(report: Report, obligation: Obligation) -> tuple[Indicator, ...]:
    """Return the rows that an obligation is to mend: those that its root cause explains, else all."""
    cause = next((cause for cause in report.root_causes if cause.cause_id == obligation.cause_id), None)
    named = cause.explains if cause else ()
    rows = tuple(row for row in report.indicators if row.name in named)
    return rows or report.indicators


def measured_good(report: Report, now: int) -> Facts:
    """Return the ends of what was said to be resolved and has since been measured so."""
    return tuple(
        _resolved(report, item, now)
        for item in report.obligations
        if item.state is ObligationState.CHECKING and _good(report, item)
    )


def _resolved(report: Report, obligation: Obligation, now: int) -> ObligationEnded:
    state = ObligationState.RESOLVED
    return ObligationEnded(report.report_id, obligation.obligation_id, state, now, "measured good")


def _checked(report: Report, obligation: Obligation, policy: Policy, now: int) -> Fact:
    """Refuse a resolution that was not measured in the check time, with the evidence; not for ever."""
    rows = concerned(report, obligation)
    bad = [row for row in rows if row.bad]
    terms, _ = terms_of(obligation, policy)
    if _good(report, obligation):
        return _resolved(report, obligation, now)
    if all(row.state is IndicatorState.SUPPRESSED for row in bad):
        again = now + policy.times.check_within  # in maintenance nothing is evidence
        if not bad:  # good news came in time, and is believed at the end of its debounce
            again = max(row.clear_at or now for row in rows)
        state = ObligationState.CHECKING
        return ObligationAnswered(report.report_id, obligation.obligation_id, state, now, again, None, "", "")
    if obligation.refusals > terms.reminders:
        return _give_up(report, obligation, now)
    evidence = "; ".join(
        f"{row.name} {row.value}{row.unit} on {row.object_id} is {row.severity}" for row in bad
    )
    chase_at = now + terms.remind_every
    return ResolutionRefused(report.report_id, obligation.obligation_id, evidence, now, chase_at)


def _answered_while_withdrawing(report: Report, obligation: Obligation, answer: Answer, now: int) -> Verdict:
    """A withdrawal is confirmed by `cancelled`, refused by `rejected`, and too late for work that was done.

    A refusal is shown and not argued with; anything else changes nothing.
    """
    if answer.state is AnswerState.CANCELLED:
        state, reason = ObligationState.WITHDRAWN, "confirmed"
    elif answer.state is AnswerState.REJECTED:
        state, reason = ObligationState.WITHDRAWN, "withdrawal refused"
    elif answer.state is AnswerState.RESOLVED:
        state, reason = ObligationState.RESOLVED, "resolved before the withdrawal arrived"
    else:
        return no_op(Rule.ALREADY_ENDED)
    return applied(ObligationEnded(report.report_id, obligation.obligation_id, state, now, reason))


def due(report: Report, policy: Policy, now: int) -> Facts:
    """Return the reminders and ends of every obligation whose alarm is due."""
    return tuple(
        (_checked if obligation.state is ObligationState.CHECKING else _chase)(
            report, obligation, policy, now
        )
        for obligation in report.obligations
        if obligation.state is not ObligationState.PLANNED
        and obligation.alarm_at is not None
        and obligation.alarm_at <= now
    )


def _chase(report: Report, obligation: Obligation, policy: Policy, now: int) -> Fact:
    terms, contacts = terms_of(obligation, policy)
    reminders, contact = obligation.reminders + 1, obligation.contact
    if obligation.reminders >= terms.reminders:
        following = _next_contact(obligation, contacts)
        if following is None:
            return _give_up(report, obligation, now)
        reminders, contact = 0, following
    return ObligationChased(
        report.report_id,
        obligation.obligation_id,
        reminders,
        contact,
        now + terms.remind_every,
        "nextContact" if contact != obligation.contact else _silence(obligation),
    )


def _silence(obligation: Obligation) -> str:
    if obligation.state is ObligationState.REQUESTED:
        return "notAccepted"
    return "notConfirmed" if obligation.state is ObligationState.WITHDRAWING else "overdue"


def _next_contact(obligation: Obligation, contacts: tuple[str, ...]) -> str | None:
    if obligation.state is ObligationState.WITHDRAWING or obligation.contact not in contacts:
        return None
    position = contacts.index(obligation.contact) + 1
    return contacts[position] if position < len(contacts) else None


def _give_up(report: Report, obligation: Obligation, now: int) -> ObligationEnded:
    withdrawing = obligation.state is ObligationState.WITHDRAWING
    state = ObligationState.WITHDRAWN if withdrawing else ObligationState.GAVE_UP
    reason = "withdrawal never confirmed" if withdrawing else "no answer after the last reminder"
    if obligation.state is ObligationState.CHECKING:
        reason = f"said resolved {obligation.refusals + 1} times, never measured good"
    return ObligationEnded(report.report_id, obligation.obligation_id, state, now, reason)


def withdraw(report: Report, obligation: Obligation, policy: Policy, now: int, reason: str) -> Facts:
    """Return the facts that end an obligation: at once where nobody was asked yet, else by asking."""
    if obligation.state is ObligationState.PLANNED:
        state = ObligationState.WITHDRAWN
        return (ObligationEnded(report.report_id, obligation.obligation_id, state, now, reason),)
    if not obligation.running:
        return ()
    confirm_by = now + policy.times.withdraw_within
    return (WithdrawalRequested(report.report_id, obligation.obligation_id, now, confirm_by, reason),)


def tell(report: Report, reason: str) -> Facts:
    """Return an update to every running obligation."""
    return tuple(
        ObligationUpdated(report.report_id, obligation.obligation_id, reason)
        for obligation in report.obligations
        if obligation.running
    )
