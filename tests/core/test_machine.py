"""A product that anything may happen to keeps every promise that `invariants` states."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings

from tests.core.builders import HOUR, POLICY, Product, at
from tests.core.machine import Counted, Machine, run

THOROUGH = 100  # examples of a test, from which on a profile is a thorough one
KINDS = ("sample", "event", "command", "finding", "answer", "deadline", "same id", "sent again")


def test_anything_may_happen() -> None:
    """Hundreds of inputs in the quick profile, thousands in the thorough one; more by `make properties`."""
    examples = settings().max_examples
    counted = Machine.counted = Counted()
    run(Machine, histories=examples // (2 if examples >= THOROUGH else 4), length=40)
    if examples >= THOROUGH:
        assert counted.inputs.total() > 2_000
        assert all(any(kind.startswith(name) for kind in counted.inputs) for name in KINDS)


# -- what the machine has found


def test_work_whose_time_has_come_while_it_waits_again_lets_the_timer_rest() -> None:
    """A repair not before 12:00 whose work-around had ended, and then another cause brings another one."""
    plan = tuple(
        replace(node, not_before=2 * HOUR) if node.name == "repair" else node for node in POLICY.plan
    )
    product = Product(replace(POLICY, plan=plan))
    product.sample("10:00")
    product.find("10:05", "resource", "cpe-7")
    product.answer("10:06", "workAround", "resolved")
    product.find("10:10", "resource", "cpe-8", source="probe")
    product.answer("10:11", "workAround", "accepted", expected_at=at("15:00"))
    alarm = product.next_alarm()
    while alarm is not None and alarm.due < at("12:00"):
        product.feed(alarm, alarm.due)
        alarm = product.next_alarm()
    assert alarm is not None
    product.feed(alarm, at("12:00"))
    assert product.report.due is not None
    assert product.report.due > at("12:00")
