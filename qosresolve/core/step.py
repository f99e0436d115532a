"""The single door into the core: `step(case, received, policies, now) -> Step`.

Decide: one input becomes a verdict with facts. Evolve: the facts are folded into the case, and each process
says what follows, until nothing does. React: facts become requests. The same input on the same case gives the
same step, whenever it is run.
"""

from collections.abc import Callable

from qosresolve.core import degradation, fold, repair, targets
from qosresolve.core.case import Case
from qosresolve.core.commands import commanded
from qosresolve.core.decision import Verdict, applied, no_op, refused, traced
from qosresolve.core.facts import AlarmSettled, Entry, Fact, Facts
from qosresolve.core.ids import ID_BYTES, fingerprint
from qosresolve.core.inputs import Answer, Cause, Command, Deadline, Degradation, Received
from qosresolve.core.maintenance import caught_up
from qosresolve.core.policy import Policies, Policy
from qosresolve.core.processes import (
    analyse,
    change_information,
    change_status,
    clear,
    coordinate,
    engage_suppliers,
    escalate,
)
from qosresolve.core.record import record
from qosresolve.core.report import Report
from qosresolve.core.requests import REACTIONS, Request, react
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome, Verb
from qosresolve.core.watching import expired

TOO_EARLY = 2_000  # ms that a timer's clock may run ahead
MAX_ROUNDS = 32  # a step that has not settled by then is a fault in the rules

Process = Callable[[Report, Policy, int], Facts]

FOLLOW: tuple[Process, ...] = (
    targets.follow,
    change_information.follow,
    clear.follow,
    engage_suppliers.follow,
    coordinate.follow,
    change_status.follow,
    escalate.follow,
)
DUE: tuple[Process, ...] = (clear.due, change_status.due, coordinate.due, escalate.due)
_ASKED = FOLLOW * MAX_ROUNDS
_ALL = len(FOLLOW)


@record
class Step:
    """The outcome of one input: the case after it, its journal entry, and what goes out."""

    case: Case
    entry: Entry
    requests: tuple[Request, ...] = ()

    @property
    def facts(self) -> Facts:
        """Return what happened."""
        return self.entry.facts


def step(case: Case, received: Received, policies: Policies, now: int) -> Step:
    """Return what one input does to a case.

    `now` is the record's broker time in ms; time never goes back below what the case has seen. Raises
    `policy.UnknownPolicyError` when a held report is pinned to a policy that is not at hand.
    """
    mends = repair.mends(received.body)
    now = max(now, (repair.aside(case, received.body) if mends else case).last_now())
    mark = _mark(received)
    verdict = _duplicate(case, mark)
    after = case
    brought: Facts = ()
    if verdict is None:
        if not mends:
            after, brought = _caught_up(case, policies, now)
        verdict = _decide(after, received, policies, now)
        if received.trace and len(verdict.facts) > 1:
            verdict = traced(verdict, received.trace)
    facts = brought + verdict.facts if verdict.facts else ()
    settled = verdict.settled and not brought
    if facts and not settled:
        after = _evolved(after, verdict.facts)
        if isinstance(received.body, Deadline):
            after, facts = _settle(after, facts, received.cause, policies, now)
        elif not mends:
            after, facts = _follow(after, facts, policies, now)
    entry = Entry(
        case.product_id,
        received.cause,
        now,
        verdict.outcome,
        verdict.rule,
        _policy_of(after, policies),
        mark if facts else b"",
        facts,
    )
    if not facts:
        after = case
    elif settled:
        after = fold.fold(case, entry)
    else:
        after = fold.stamp(after, entry)
    return Step(after, entry, _requests(case, after, entry))


def _caught_up(case: Case, policies: Policies, now: int) -> tuple[Case, Facts]:
    """Let the open report take in what maintenance windows did since somebody last looked."""
    facts: Facts = ()
    report = case.open
    while report is not None and (report.holds or policies.windows):
        more = caught_up(report, policies.of(report), policies.windows, now)
        if not more:
            break
        case, facts = _evolved(case, more), facts + more
        report = case.open
    return case, facts


def _mark(received: Received) -> bytes:
    """Deadlines need no shield against re-sending: firing twice is harmless."""
    if isinstance(received.body, Deadline):
        return b""
    return fingerprint(received.cause.event_id, received.digest)


def _duplicate(case: Case, mark: bytes) -> Verdict | None:
    known = case.seen(mark) if mark else None
    if known is None:
        return None
    same = known[ID_BYTES:] == mark[ID_BYTES:]
    return no_op(Rule.ALREADY_SEEN) if same else refused(Rule.SAME_ID_OTHER_BODY)


def _decide(case: Case, received: Received, policies: Policies, now: int) -> Verdict:
    match received.body:
        case Degradation() as event:
            return degradation.degraded(case, event, received.cause, policies, now)
        case Command(verb=Verb.REPAIR) as order:
            return repair.repaired(case, order, policies, now)
        case Command() as order:
            return commanded(case, order, received.cause, policies, now)
        case Answer() as answer:
            return _answered(case, answer, policies, now)
        case Deadline() as deadline:
            return _alarmed(case, deadline, now)


def _answered(case: Case, answer: Answer, policies: Policies, now: int) -> Verdict:
    """An answer may carry a finding: both are taken, the finding also when the answer itself is late."""
    holder = next((report for report in case.reports if report.obligation(answer.obligation_id)), None)
    if holder is None:
        return refused(Rule.NO_SUCH_OBLIGATION)
    policy = policies.of(holder)
    verdict = coordinate.answered(holder, answer, policy, now)
    if answer.finding is None or verdict.outcome is Outcome.REFUSED:
        return verdict
    finding = analyse.found(holder, answer.finding, policy, now)
    more = tuple(fact for fact in finding.facts if fact not in verdict.facts)
    late = verdict.outcome is Outcome.NO_OP and more  # the answer changes nothing, its finding does
    return Verdict(finding.outcome if late else verdict.outcome, verdict.rule, verdict.facts + more)


def _alarmed(case: Case, deadline: Deadline, now: int) -> Verdict:
    """Settle at or after the due time, stale or not: the raised number tells the timer that we looked."""
    holder = case.report(deadline.report_id) if deadline.report_id else case.watch
    if holder is None:
        return no_op(Rule.NO_SUCH_ALARM)
    if now + TOO_EARLY < deadline.due:
        return no_op(Rule.TOO_EARLY)
    rule = Rule.NONE if deadline.alarm == holder.alarm else Rule.STALE_ALARM
    return applied(AlarmSettled(deadline.report_id, holder.alarm + 1), rule=rule)


def _settle(case: Case, facts: Facts, cause: Cause, policies: Policies, now: int) -> tuple[Case, Facts]:
    """Settle everything that is due, good news first; each process sees what the one before did."""
    gone = expired(case, now)
    case, facts = _evolved(case, gone), facts + gone
    while opened := degradation.opens(case, cause, policies, now):
        case, facts = _evolved(case, opened), facts + opened
    case, facts = _follow(case, facts, policies, now)
    for report in case.reports:
        for _ in range(MAX_ROUNDS):
            settled = len(facts)
            for process in DUE:
                case, facts = _apply(case, facts, process, report.report_id, policies, now)
                if len(facts) > settled:
                    case, facts = _follow(case, facts, policies, now)
            if len(facts) == settled:
                break
    return case, facts


def _follow(case: Case, facts: Facts, policies: Policies, now: int) -> tuple[Case, Facts]:
    """Let every process say what follows for the reports that were touched, until none has more to say."""
    touched = {getattr(fact, "report_id", "") for fact in facts} - {""}
    for report_id in sorted(touched):
        case, facts = _settled(case, facts, report_id, policies, now)
    return case, facts


def _settled(case: Case, facts: Facts, report_id: str, policies: Policies, now: int) -> tuple[Case, Facts]:
    """Ask the processes in turn until each has seen the report as it is and had nothing to say of it."""
    report = case.report(report_id)
    if report is None:
        return case, facts
    policy = policies.of(report)
    silent = 0  # how many in a row said nothing; they need not be asked again of the same report
    for process in _ASKED:
        more = process(report, policy, now)
        if more:
            case, facts, silent = _evolved(case, more), facts + more, 0
            report = case.report(report_id) or report
        else:
            silent += 1
            if silent == _ALL:
                return case, facts
    raise RuntimeError(f"report {report_id} does not settle after {MAX_ROUNDS} rounds")


def _apply(
    case: Case, facts: Facts, process: Process, report_id: str, policies: Policies, now: int
) -> tuple[Case, Facts]:
    report = case.report(report_id)
    if report is None:
        return case, facts
    more = process(report, policies.of(report), now)
    return _evolved(case, more), facts + more


def _evolved(case: Case, facts: tuple[Fact, ...]) -> Case:
    for fact in facts:
        case = fold.evolve(case, fact)
    return case


def _policy_of(case: Case, policies: Policies) -> str:
    report = case.open
    return report.policy if report else policies.active.hash


def _requests(before: Case, after: Case, entry: Entry) -> tuple[Request, ...]:
    """Return what goes out; what two facts of a step say in the same words is said once."""
    requests: dict[str, Request] = {}
    for fact in entry.facts:
        if type(fact) not in REACTIONS:
            continue
        report_id = getattr(fact, "report_id", "")
        report = after.report(report_id) or before.report(report_id)
        request = react(report, fact, entry.cause, entry.now) if report else None
        if request is not None:
            requests.setdefault(request.context.message_id, request)
    return tuple(requests.values())
