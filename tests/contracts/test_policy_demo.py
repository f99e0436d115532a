"""The packaged policies drive the core: a raise opens a report and sets the plan going."""

from pathlib import Path

import pytest

from qosresolve import demo
from qosresolve.contracts.policy import file as policy_file
from qosresolve.core.case import Case
from qosresolve.core.facts import (
    EscalationRaised,
    ObligationAnswered,
    ObligationPlanned,
    ObligationRequested,
    ReportOpened,
    TargetBreached,
)
from qosresolve.core.inputs import Answer, Cause, Deadline, Degradation, Finding, Input, Received
from qosresolve.core.policy import Policies, Policy
from qosresolve.core.report import Report
from qosresolve.core.requests import ActivityRequest, SupplierRequest, TroubleRequest
from qosresolve.core.step import Step, step
from qosresolve.core.vocabulary import (
    AnswerState,
    DegradationKind,
    ObjectKind,
    RootCauseKind,
    Severity,
)

START = 1_790_000_000_000
DEMO = Path(str(demo.__file__)).with_name("demo_policy.yaml")


class Desk:
    """One product under one policy, fed input by input."""

    def __init__(self, policy: Policy) -> None:
        self.policies = Policies(active=policy, known={policy.hash: policy})
        self.case = Case("product-1")
        self.offset = 0

    def take(self, body: Input, now: int) -> Step:
        """Put one input through the core."""
        self.offset += 1
        cause = Cause("inputs", 0, self.offset, body.identity())
        done = step(self.case, Received(cause, body, b"digest"), self.policies, now)
        self.case = done.case
        return done

    @property
    def report(self) -> Report:
        """The open report."""
        assert self.case.open is not None
        return self.case.open

    def running(self, node: str) -> str:
        """Return the id of the obligation that runs for a node."""
        return next(
            item.obligation_id for item in self.report.obligations if item.node == node and item.running
        )

    def until(self, end: int) -> list[Step]:
        """Let the timer fire whatever is due up to an instant."""
        steps = []
        while (report := self.case.open) is not None and report.due is not None and report.due <= end:
            due = report.due
            steps.append(self.take(Deadline("product-1", report.report_id, report.alarm, due), due))
        return steps


@pytest.fixture
def desk() -> Desk:
    """A product under the demo's policy."""
    return Desk(policy_file.read_canonical(policy_file.compile(policy_file.load(DEMO))))


def raised(severity: Severity = Severity.CRITICAL) -> Degradation:
    """A bad sample of a platinum customer's packet loss."""
    return Degradation(
        "product-1",
        "event-1",
        "probe-7",
        1,
        DegradationKind.RAISE,
        "packetLoss",
        "service-3",
        ObjectKind.SERVICE,
        severity,
        START,
        value="4.2",
        unit="%",
        tier="platinum",
        owner_party="acme-transport",
    )


def analysed(desk: Desk, kind: RootCauseKind, now: int) -> Step:
    """The first analysis ends with a root cause."""
    finding = Finding("analysis", 1, now, kind, "service-3")
    answer = Answer(
        "product-1", "a-1", desk.running("first-analysis"), AnswerState.RESOLVED, now, finding=finding
    )
    return desk.take(answer, now)


@pytest.mark.parametrize(
    ("text", "base"),
    [
        (policy_file.default_text(), ["first-analysis", "verify"]),
        (DEMO.read_text(encoding="utf-8"), ["first-analysis", "verify", "improvement"]),
    ],
)
def test_a_raise_opens_a_report_and_asks_for_the_first_analysis(text: str, base: list[str]) -> None:
    """The report is pinned to the policy's hash; the rest of the base plan waits."""
    policy = policy_file.read_canonical(policy_file.compile(policy_file.load(text)))
    desk = Desk(policy)
    done = desk.take(raised(), START)
    assert any(isinstance(fact, ReportOpened) for fact in done.facts)
    planned = [fact.obligation.node for fact in done.facts if isinstance(fact, ObligationPlanned)]
    assert planned == base
    requested = [fact for fact in done.facts if isinstance(fact, ObligationRequested)]
    assert [fact.contact for fact in requested] == ["Customer QoS Analysis"]
    (request,) = done.requests
    assert isinstance(request, ActivityRequest)
    assert (request.node, request.assignee) == ("first-analysis", "premium-desk")
    assert desk.report.policy == policy.hash
    assert not desk.report.infeasible


def test_the_demos_promise_is_a_matter_of_seconds(desk: Desk) -> None:
    """Respond in 4 s, restore in 10 s, thresholds at 50 and 80 %."""
    desk.take(raised(), START)
    assert desk.report.respond.due_at == START + 4_000
    assert desk.report.restore.due_at == START + 10_000
    assert [item.due_at - START for item in desk.report.restore.thresholds] == [5_000, 8_000]


@pytest.mark.parametrize(
    ("kind", "node", "request_type"),
    [
        (RootCauseKind.SERVICE, "service-trouble", TroubleRequest),
        (RootCauseKind.RESOURCE, "resource-repair", ActivityRequest),
        (RootCauseKind.SUPPLIER, "engage-supplier", SupplierRequest),
        (RootCauseKind.CUSTOMER, "ask-customer", ActivityRequest),
        (RootCauseKind.NONE, "further-analysis", ActivityRequest),
        (RootCauseKind.UNKNOWN, "further-analysis", ActivityRequest),
    ],
)
def test_every_root_cause_takes_its_route(
    desk: Desk, kind: RootCauseKind, node: str, request_type: type[object]
) -> None:
    """What is checked of the file holds in the core: the branch is laid out and asked for at once."""
    desk.take(raised(), START)
    done = analysed(desk, kind, START + 1_000)
    assert any(isinstance(request, request_type) for request in done.requests)
    assert desk.running(node)


def test_the_engaged_supplier_is_the_policys(desk: Desk) -> None:
    """The inventory's owner, at its first contact, then silent: at its second."""
    desk.take(raised(), START)
    done = analysed(desk, RootCauseKind.SUPPLIER, START + 1_000)
    (request,) = (request for request in done.requests if isinstance(request, SupplierRequest))
    assert (request.party, request.contact) == ("acme-transport", "noc@acme-transport.example")
    desk.until(START + 1_000 + 4_000)
    (item,) = (item for item in desk.report.obligations if item.node == "engage-supplier")
    assert item.contact == "duty-manager@acme-transport.example"


def test_left_alone_the_demo_breaches_and_climbs_the_chain(desk: Desk) -> None:
    """Both targets are missed, and the head of operations is called within 25 s."""
    desk.take(raised(), START)
    facts = [fact for done in desk.until(START + 25_000) for fact in done.facts]
    assert sum(isinstance(fact, TargetBreached) for fact in facts) == 2
    called = [fact.target for fact in facts if isinstance(fact, EscalationRaised)]
    assert called[0] == "service-manager"
    assert called[-1] == "head-of-operations"


def test_an_accepted_analysis_meets_the_respond_target(desk: Desk) -> None:
    """An owner took it within four seconds."""
    desk.take(raised(), START)
    accepted = Answer("product-1", "a-0", desk.running("first-analysis"), AnswerState.ACCEPTED, START + 1_500)
    done = desk.take(accepted, START + 1_500)
    assert any(isinstance(fact, ObligationAnswered) for fact in done.facts)
    assert desk.report.respond.outcome == "met"
