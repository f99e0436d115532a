"""What holds for every product whatever arrives in whatever order: stated once, checked after every input.

`Witness.see` follows the facts of a step one by one; the functions below it look at the case as it stands.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core import facts as f
from qosresolve.core.case import Case
from qosresolve.core.fold import evolve, fold
from qosresolve.core.ids import fingerprint
from qosresolve.core.inputs import Deadline
from qosresolve.core.processes.change_status import EDGES
from qosresolve.core.requests import Action, EscalationNotice, Request
from qosresolve.core.targets import CLOCKS, clock_of
from qosresolve.core.vocabulary import ClockName, ClockOutcome, NodeKind, ObligationState, Outcome, Status
from tests.contracts.tmf.validation import check

if TYPE_CHECKING:
    from qosresolve.core.clocks import Clock
    from qosresolve.core.inputs import Received
    from qosresolve.core.obligation import Obligation
    from qosresolve.core.policy import Policies
    from qosresolve.core.report import Report
    from qosresolve.core.step import Step

_CONTRACTS = Contracts(SingleObjectCodec())


@dataclass
class Witness:
    """Sees every step of one product, and remembers what was told and asked."""

    told: set[tuple[str, ClockName, int | str]] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    planned: set[str] = field(default_factory=set)
    messages: dict[str, Request] = field(default_factory=dict)

    def see(self, before: Case, received: Received, done: Step, policies: Policies) -> None:
        """Check one step: its outcome, each fact where it happened, what went out, and the case after it."""
        entry = done.entry
        if entry.outcome in (Outcome.REFUSED, Outcome.NO_OP):
            assert (done.case, done.facts) == (before, ()), "what had no effect changed something"
        case = before
        for fact in entry.facts:
            self._fact(case, fact, entry.now)
            case = evolve(case, fact)
        assert done.case == fold(before, entry), "the journal tells something else"
        self._sent(done)
        _grown(before, done.case)
        standing(done.case, policies)
        if isinstance(received.body, Deadline) and entry.outcome is Outcome.APPLIED:
            _settled(done.case, received.body.report_id, entry.now)

    def _fact(self, case: Case, fact: f.Fact, now: int) -> None:
        report = case.report(getattr(fact, "report_id", ""))
        match fact:
            case f.StatusChanged():
                assert report is not None
                assert report.status is fact.previous
                assert fact.status in EDGES[fact.previous], "an illegal edge"
            case f.TargetSet():
                assert report is not None
                self._target(report, fact, now)
            case f.ThresholdReached() | f.TargetBreached():
                assert report is not None
                self._reached(report, fact, now)
            case f.ClockStopped():
                assert report is not None
                _stopped(clock_of(report, fact.clock), fact)
            case f.EscalationRaised():
                assert report is not None
                assert report.open, "called for a report that is over"
                assert report.restored_at is None, "called for a report that is restored"
                assert not report.debouncing, "called while good news waits to be believed"
                assert not report.maintained, "called in maintenance"
                assert 0 <= fact.level <= 10
            case f.ObligationPlanned():
                assert fact.obligation.obligation_id not in self.planned, "an attempt was laid out twice"
                self.planned.add(fact.obligation.obligation_id)
            case f.ObligationRequested():
                assert report is not None
                item = report.obligation(fact.obligation_id)
                assert item is not None
                assert item.state is ObligationState.PLANNED, "asked twice"
            case _:
                pass

    def _target(self, report: Report, fact: f.TargetSet, now: int) -> None:
        """What was told may be told again only where a re-target puts the share that has passed below it."""
        clock = clock_of(report, fact.clock)
        for item in fact.thresholds:
            told = (report.report_id, fact.clock, item.percent)
            if not item.reached and told in self.told:
                assert item.due_at > now, "a threshold that was told is to be told again"
                self.told.discard(told)
        if clock.breached_at is None and clock.due_at is not None and fact.reason == "severity":
            assert fact.due_at is not None
            assert clock.held_since is not None or fact.due_at < clock.due_at, "a worse severity gave time"
        if fact.reason in ("resumed", "relapse") and clock.due_at is not None:
            assert fact.due_at is not None
            assert fact.due_at >= clock.due_at, "a pause took time"

    def _reached(self, report: Report, fact: f.ThresholdReached | f.TargetBreached, now: int) -> None:
        assert report.open, "told of a promise that is over"
        assert report.restored_at is None, "told of a promise that was kept or broken"
        assert not report.debouncing, "told while good news waits to be believed"
        held_since = clock_of(report, fact.clock).held_since
        assert fact.due_at <= (now if held_since is None else held_since), "told of time that has not passed"
        whats = ("breach",) if isinstance(fact, f.TargetBreached) else (fact.percent, *fact.skipped)
        for what in whats:
            told = (fact.report_id, fact.clock, what)
            assert told not in self.told, "told twice"
            self.told.add(told)

    def _sent(self, done: Step) -> None:
        for request in done.requests:
            assert request.context.message_id not in self.messages, "two messages have one id"
            self.messages[request.context.message_id] = request
            if not isinstance(request, EscalationNotice) and request.action is Action.REQUEST:
                assert request.request_id in self.planned, "asked for what was never laid out"
                assert request.request_id not in self.asked, "asked twice"
                self.asked.add(request.request_id)


def _stopped(clock: Clock, fact: f.ClockStopped) -> None:
    """Met where the promise was kept, missed where not; what stood still before its deadline has kept it."""
    if fact.outcome not in (ClockOutcome.MET, ClockOutcome.MISSED):
        return
    assert clock.due_at is not None
    stands = clock.held_since is not None and clock.held_since < clock.due_at
    kept = clock.breached_at is None and (stands or fact.at <= clock.due_at)
    assert fact.outcome is (ClockOutcome.MET if kept else ClockOutcome.MISSED), "met and missed are confused"


def _grown(before: Case, after: Case) -> None:
    """Revisions, times and alarm numbers only rise; a breach stays."""
    for old in before.reports:
        new = after.report(old.report_id)
        if new is None or new is old:
            continue
        assert new.revision == old.revision + 1
        assert new.updated_at >= old.updated_at
        assert new.alarm >= old.alarm
        for name in CLOCKS:
            breached = clock_of(old, name).breached_at
            assert breached is None or clock_of(new, name).breached_at == breached, "a breach was taken back"


def _settled(case: Case, report_id: str, now: int) -> None:
    """What has been looked at, a report or the watch, is looked at again later: the timer comes to rest."""
    holder = case.report(report_id) if report_id else case.watch
    assert holder is None or holder.due is None or holder.due > now, "fires for ever"


def standing(case: Case, policies: Policies) -> None:
    """Check what must be true between any two inputs."""
    assert sum(report.open for report in case.reports) <= 1, "two reports are open"
    assert case.watch is None or case.watch.due is not None, "a watch that nobody looks at again"
    for report in case.reports:
        _report(report, policies)


def _report(report: Report, policies: Policies) -> None:
    # Every open report, without exception: while it is bad somebody is asked, or asked again at an instant;
    # a debounce has its end, a restored one the instant at which it is cleared by rule.
    assert not report.open or report.due is not None, "an open report with nothing armed would be forgotten"
    if not report.open or report.restored_at is not None:
        assert report.escalation.level == 0, "somebody is called for a report that needs nobody"
        assert not any(hold.active for hold in report.holds), "held, with nothing left to hold"
    if report.status in (Status.CLEARED, Status.CLOSED):
        assert report.restored_at is not None, "cleared but not restored"
    _clocks(report)
    _work(report, policies)


def _clocks(report: Report) -> None:
    for name in CLOCKS:
        clock = clock_of(report, name)
        assert clock.outcome is not ClockOutcome.MET or clock.breached_at is None
        holding = [hold for hold in report.holds if hold.active and name in hold.clocks]
        assert clock.held_since is None or holding, f"{name} stands still and nothing holds it"
    if report.restored_at is not None:
        assert not report.restore.running, "restored, and the clock goes on"
    elif report.open:
        assert report.restore.outcome in (ClockOutcome.RUNNING, ClockOutcome.UNTARGETED)


def _work(report: Report, policies: Policies) -> None:
    left = [item for item in report.obligations if not item.ended]
    asked = Counter((item.node, item.target) for item in left)
    assert max(asked.values(), default=0) <= 1, "asked twice for the same"
    troubles = Counter(item.target for item in left if item.kind is NodeKind.SERVICE_TROUBLE)
    assert max(troubles.values(), default=0) <= 1, "two trouble requests for one service"
    for item in left:
        assert item.alarm_at is not None or _waits(report, item, left, policies), f"nobody looks at {item}"
    if report.status in (Status.CLOSED, Status.CANCELLED):
        planned = [item for item in left if item.state is ObligationState.PLANNED]
        assert all(item.kind is NodeKind.IMPROVEMENT for item in planned), (
            "only improvement outlives a report"
        )


def _waits(report: Report, item: Obligation, left: list[Obligation], policies: Policies) -> bool:
    """Tell whether what has no alarm of its own waits for something that has one."""
    policy = policies.of(report)
    if item.state is not ObligationState.PLANNED:
        return False
    if policy.node(item.node).blocks_clear:
        return report.open  # it waits for the restoration, and an open report has an alarm
    return any(other.node in policy.upstream[item.node] for other in left)


# -- of a whole history


def replayed(history: list[tuple[Received, int, Policies]], entries: list[f.Entry], case: Case) -> None:
    """The entries fold to the case, and the inputs give the same entries and the same case again."""
    from qosresolve.core.step import step  # noqa: PLC0415 - the door itself

    start = Case(case.product_id)
    assert reduce(fold, entries, start) == case, "the journal tells something else"
    again = start
    for (received, now, policies), entry in zip(history, entries, strict=True):
        done = step(again, received, policies, now)
        assert done.entry == entry, "a replay tells something else"
        again = done.case
    assert again == case


def written(done: Step) -> None:
    """What is written of a step reads as it was, and is right in TM Forum's JSON too."""
    assert _CONTRACTS.read_entry(_CONTRACTS.write_entry(done.entry)) == done.entry
    for report in done.case.reports:
        assert _CONTRACTS.read_report(_CONTRACTS.write_report(report)) == report
    if done.case.watch is not None:
        assert _CONTRACTS.read_watch(_CONTRACTS.write_watch(done.case.watch)) == done.case.watch
    for request in done.requests:
        record, data = _CONTRACTS.write_request(request)
        assert _CONTRACTS.read_request(record, data) == request
    check(done.requests, [done.entry])


def mark(received: Received) -> bytes:
    """Return what a report remembers of an input."""
    return fingerprint(received.cause.event_id, received.digest)
