"""What each request says: all that its receiver needs, and the same over any replay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qosresolve.core.ids import message_id, stable_id
from qosresolve.core.inputs import Cause
from qosresolve.core.requests import (
    Action,
    ActivityRequest,
    Context,
    EscalationNotice,
    Request,
    SupplierRequest,
    TroubleRequest,
)
from qosresolve.core.step import Step
from qosresolve.core.vocabulary import ClockName, Jeopardy, NodeKind, ObjectKind, Severity
from tests.core.builders import MINUTE, POLICY, PRODUCT, Product, at, sample


@pytest.fixture
def product() -> Product:
    """Return a product with a report: latency is major on a service, loss minor on a port."""
    opened = Product()
    opened.sample("10:00", cause_key="fibre-12")
    bad = sample("10:01", "minor", indicator="loss", object_id="port-3", value="7", unit="%")
    opened.feed(replace(bad, object_kind=ObjectKind.RESOURCE), "10:01")
    return opened


def context(product: Product, done: Step, subject: str, action: str, reason: str, **more: int) -> Context:
    """Return what every request of a step says of the report."""
    cause = done.entry.cause
    return Context(
        message_id=message_id(subject, action, reason, cause.topic, cause.partition, cause.offset),
        product_id=PRODUCT,
        report_id=product.report.report_id,
        customer_id="customer-1",
        tier="gold",
        severity=Severity.MAJOR,
        priority=2,
        escalation_level=more.get("level", 0),
        reason=reason,
        policy="policy-1",
        at=done.entry.now,
        cause=cause,
    )


def only(done: Step, kind: type[Request]) -> Request:
    """Return the one request of its kind that a step sends."""
    (request,) = (request for request in done.requests if isinstance(request, kind))
    return request


def test_an_activity_says_whose_it_is_until_when_and_what_is_bad() -> None:
    """Our own process is told the node, its owner, the report's assignee, the attempt, both times."""
    product = Product()
    done = product.sample("10:00")
    work = product.obligation("analyse").obligation_id
    assert only(done, ActivityRequest) == ActivityRequest(
        context=context(product, done, work, "request", "plan"),
        action=Action.REQUEST,
        request_id=work,
        node="analyse",
        kind=NodeKind.ANALYSIS,
        owner="analyse-desk",
        assignee="gold-desk",
        attempt=1,
        due_at=at("12:00"),
        accept_by=at("10:10"),
        indicators=("latency",),
    )
    assert done.entry.cause == Cause("qos.degradation.v1", 0, 0, done.entry.cause.event_id)


def test_a_trouble_request_says_service_cause_and_symptoms(product: Product) -> None:
    """Service assurance is told the service, the shared cause, what was measured, and every service hit."""
    done = product.find("10:05", "service", "svc-9")
    trouble = product.obligation("trouble").obligation_id
    assert only(done, TroubleRequest) == TroubleRequest(
        context=context(product, done, trouble, "request", "plan"),
        action=Action.REQUEST,
        request_id=trouble,
        service_id="svc-9",
        cause_key="fibre-12",
        attempt=1,
        category="serviceProvider.declared",
        description="latency 180ms on svc-1; loss 7% on port-3",
        due_at=at("12:00"),
        accept_by=at("10:15"),
        affected_services=("svc-9", "svc-1"),
    )


def test_an_engagement_says_party_component_and_symptoms(product: Product) -> None:
    """A supplier is told its contact, the component, what was measured, and its own time."""
    done = product.find("10:05", "supplier", "cpe-7", party="carrier")
    engagement = product.obligation("engage").obligation_id
    assert only(done, SupplierRequest) == SupplierRequest(
        context=context(product, done, engagement, "request", "plan"),
        action=Action.REQUEST,
        request_id=engagement,
        party="carrier",
        contact="carrier-noc",
        component="cpe-7",
        attempt=1,
        ticket_type="qosPerformanceDegradation",
        description="latency 180ms on svc-1; loss 7% on port-3",
        due_at=at("11:05"),
        accept_by=at("10:20"),
    )


def test_a_call_says_level_clock_and_whom_and_ends_under_the_same_id() -> None:
    """Who is called hears the level, the clock and its deadline; the end of the call names the call."""
    product = Product()
    product.sample("10:00")
    called = product.run_until("10:08")[-1]
    raised = only(called, EscalationNotice)
    report = product.report.report_id
    call_id = stable_id("escalation", report, 2, 0, "respond", at("10:07") + 30_000)
    assert raised == EscalationNotice(
        context=context(product, called, call_id, "raise", "50 % of the respond target has passed", level=2),
        raised=True,
        escalation_id=call_id,
        level=2,
        jeopardy=Jeopardy.AT_RISK,
        clock=ClockName.RESPOND,
        due_at=at("10:15"),
        target="shift-lead",
    )
    over = product.command("10:09", "acknowledge")
    assert only(over, EscalationNotice) == EscalationNotice(
        context=context(product, over, call_id, "end", "jeopardy is over"),
        raised=False,
        escalation_id=call_id,
        level=2,
        jeopardy=Jeopardy.NONE,
        clock=ClockName.RESTORE,
        due_at=None,
        target="",
    )


def test_every_word_to_a_supplier_says_what_it_is_about() -> None:
    """Reminder, update, evidence, reply and cancel go to the same request id, each with its reason."""
    product = Product(replace(POLICY, times=replace(POLICY.times, check_within=10 * MINUTE)))
    product.sample("10:00", "minor")
    product.find("10:05", "supplier", "cpe-7", party="carrier")
    product.answer("10:06", "analyse", "resolved")
    product.run_until("10:20")
    product.answer("10:21", "engage", "informationRequired", note="which port")
    product.answer("10:22", "answerQuestion", "resolved", note="port 7")
    product.sample("10:25", "minor", indicator="loss")
    product.answer("10:30", "engage", "resolved")
    product.run_until("10:40")
    product.command(
        "10:45", "withdraw", obligation_id=product.obligation("engage").obligation_id, reason="moved"
    )
    said = [request for request in product.requests if isinstance(request, SupplierRequest)]
    assert [(request.action, request.context.reason) for request in said] == [
        (Action.REQUEST, "plan"),
        (Action.REMIND, "notAccepted"),
        (Action.ANSWER, "port 7"),
        (Action.UPDATE, "degraded: loss"),
        (Action.REFUSE, "latency 180ms on svc-1 is minor; loss 180ms on svc-1 is minor"),
        (Action.CANCEL, "moved"),
    ]
    assert len({request.request_id for request in said}) == 1
    assert len({request.context.message_id for request in said}) == len(said)


def test_a_trouble_request_without_any_service_names_the_product() -> None:
    """A request concerns at least one service; where none is known it is the product itself."""
    product = Product()
    product.feed(replace(sample("10:00", object_id="port-3"), object_kind=ObjectKind.RESOURCE), "10:00")
    done = product.find("10:05", "service")
    request = only(done, TroubleRequest)
    assert isinstance(request, TroubleRequest)
    assert request.affected_services == (PRODUCT,)
