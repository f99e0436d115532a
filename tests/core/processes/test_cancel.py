"""Cancel: compensation and silence."""

from __future__ import annotations

from qosresolve.core import facts as f
from qosresolve.core.vocabulary import ClockOutcome, ObligationState
from tests.core.builders import MINUTE, Product, at, with_times


def test_a_report_is_not_forgotten_before_its_compensation() -> None:
    """A withdrawal that still waits for its word keeps the report in memory."""
    policy = with_times(forget_after=10, withdraw_within=60, suppress_for=1)
    product = Product(policy)
    product.sample("10:00")
    product.command("10:05", "cancel", reason="falseAlarm")
    product.run_until("10:15")
    assert product.report.obligations[0].state is ObligationState.WITHDRAWING
    assert product.report.forget_at == at("10:25")
    product.run_until("13:00")
    assert product.case.reports == ()


def test_a_false_event_counts_for_no_promise() -> None:
    """Both clocks end as not applicable, and the verdict is a fact of its own."""
    product = Product()
    product.sample("10:00")
    done = product.command("10:05", "cancel", reason="falseAlarm")
    assert any(isinstance(fact, f.FalseEventDeclared) for fact in done.facts)
    assert product.report.restore.outcome is ClockOutcome.NOT_APPLICABLE
    assert product.report.respond.outcome is ClockOutcome.NOT_APPLICABLE


def test_a_refused_withdrawal_is_shown_and_ends() -> None:
    """A refusal is told in the journal and not repeated for ever."""
    product = Product()
    product.sample("10:00")
    product.command("10:05", "cancel", reason="falseAlarm")
    done = product.answer("10:06", "analyse", "rejected")
    (ended,) = (fact for fact in done.facts if isinstance(fact, f.ObligationEnded))
    assert ended.reason == "withdrawal refused"
    assert product.case.watch is not None
    assert product.case.watch.due == at("10:05") + 360 * MINUTE
