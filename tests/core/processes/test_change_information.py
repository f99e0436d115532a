"""Modify Information: what may be changed, and whom the policy assigns."""

from __future__ import annotations

import pytest

from qosresolve.core.processes.change_information import PATCHABLE
from qosresolve.core.rules import Rule
from tests.core.builders import Product


def test_the_policy_assigns_by_the_first_rule_that_matches() -> None:
    """A gold customer's report goes to the gold desk, others to the desk."""
    gold, bronze = Product(), Product()
    gold.sample("10:00")
    bronze.sample("10:00", tier="bronze")
    assert (gold.report.assignee, bronze.report.assignee) == ("gold-desk", "desk")


@pytest.mark.parametrize("field", ["status", "report_id", "product_id", "customer_id", "policy", "alarm"])
def test_identity_cannot_be_patched(field: str) -> None:
    """What is not information is refused by name."""
    assert field not in PATCHABLE
    product = Product()
    product.sample("10:00")
    assert product.command("10:01", "patch", field=field, value="x").entry.rule is Rule.NOT_PATCHABLE


@pytest.mark.parametrize(("length", "rule"), [(1_000, Rule.NONE), (1_001, Rule.BAD_VALUE)])
def test_a_text_has_a_thousand_characters_at_most(length: int, rule: Rule) -> None:
    """A report has a hard cap; longer text belongs into a note."""
    product = Product()
    product.sample("10:00")
    assert product.command("10:01", "patch", field="description", value="x" * length).entry.rule is rule
