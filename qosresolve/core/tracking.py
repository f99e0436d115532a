"""How any obligation is asked, answered, chased and withdrawn.

One mechanism for activities, trouble requests and engagements. What is to be asked is decided by Co-ordinate
and Engage; here it is followed up until it ends or somebody gave up.
"""

from qosresolve.core.decision import Verdict, applied, no_op, noted, refused
from qosresolve.core.facts import (
    Fact,
    Facts,
    ObligationAnswered,
    ObligationChased,
    ObligationEnded,
    ObligationRequested,
    ObligationUpdated,
    WithdrawalRequested,
)
from qosresolve.core.inputs import Answer
from qosresolve.core.obligation import Obligation
from qosresolve.core.policy import Policy, Terms
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import AnswerState, NodeKind, ObligationState

_STATES = {
    AnswerState.ACCEPTED: ObligationState.ACCEPTED,
    AnswerState.IN_PROGRESS: ObligationState.IN_PROGRESS,
    AnswerState.INFORMATION_REQUIRED: ObligationState.IN_PROGRESS,
    AnswerState.RESOLVED: ObligationState.RESOLVED,
    AnswerState.REJECTED: ObligationState.REJECTED,
    AnswerState.CANCELLED: ObligationState.CANCELLED,
}


def terms_of(obligation: Obligation, policy: Policy) -> tuple[Terms, tuple[str, ...]]:
    """Return the follow-up terms and the contacts, in order, of an obligation."""
    if obligation.kind is NodeKind.SUPPLIER:
        party = policy.party(obligation.party)
        return party.terms, party.contacts
    node = policy.node(obligation.node)
    return node.terms, (node.owner,)


def request(
    report: Report, obligation: Obligation, policy: Policy, now: int, *, due_at: int
) -> ObligationRequested:
    """Return the fact that the other party is asked now."""
    terms, contacts = terms_of(obligation, policy)
    return ObligationRequested(
        report.report_id, obligation.obligation_id, now, contacts[0], now + terms.accept_within, due_at
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
    if state is ObligationState.ACCEPTED and obligation.state is ObligationState.IN_PROGRESS:
        state = obligation.state  # told late: work that has begun is accepted
    chase_at = None
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
        _chase(report, obligation, policy, now)
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
