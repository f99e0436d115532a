"""Escalate/End: levels, jeopardy and the end of the call."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qosresolve.core import facts as f
from qosresolve.core.policy import Policies
from qosresolve.core.vocabulary import ClockName, Jeopardy
from qosresolve.core.windows import Window
from tests.core.builders import PRODUCT, Product, at


def test_skipped_thresholds_are_named() -> None:
    """After a downtime the highest passed threshold is told, with those skipped."""
    product = Product()
    product.sample("10:00")
    product.command("10:01", "acknowledge")
    product.answer("10:02", "analyse", "accepted", expected_at=at("11:55"))
    done = product.wake_at("11:50")
    told = next(fact for fact in done.facts if isinstance(fact, f.ThresholdReached))
    assert (told.percent, told.skipped, told.due_at) == (90, (50, 75), at("11:48"))


def test_each_broken_promise_calls_once() -> None:
    """Both clocks call when they break, although level and jeopardy are the highest already."""
    product = Product()
    product.sample("10:00")
    product.run_until("12:00")
    calls = [fact for fact in product.facts() if isinstance(fact, f.EscalationRaised)]
    broken = [call.clock for call in calls if "breached" in call.reason]
    assert broken == [ClockName.RESPOND, ClockName.RESTORE]


def test_a_breach_stays_when_the_late_owner_responds() -> None:
    """The call for the respond clock ends with the response; the jeopardy stays breached until restored."""
    product = Product()
    product.sample("10:00")
    product.run_until("10:16")
    product.command("10:17", "acknowledge")
    assert product.report.escalation.level == 0
    assert product.report.escalation.jeopardy is Jeopardy.BREACHED


@dataclass
class Maintained(Product):
    """A product with a maintenance window from 10:05 to 11:50, which stops no clock."""

    @property
    def policies(self) -> Policies:
        window = Window("w1", at("10:00"), ((at("10:05"), at("11:50")),), PRODUCT)
        return replace(super().policies, windows=(window,))


def test_two_calls_in_one_step_are_two_updates() -> None:
    """A breach that maintenance kept quiet and a later one, told by one late look: no message id twice."""
    product = Maintained()
    product.sample("10:00")
    product.find("10:01", "service", "svc-9")
    product.answer("10:02", "trouble", "accepted", expected_at=at("15:00"))
    product.run_until("11:40")
    done = product.wake_at("12:30")
    assert [fact.clock for fact in done.facts if isinstance(fact, f.EscalationRaised)] == [
        ClockName.RESPOND,
        ClockName.RESTORE,
    ]
    ids = [request.context.message_id for request in done.requests]
    assert len(ids) == len(set(ids))
