"""Update with Analysis Results: identity of findings, and what a cause revises."""

from __future__ import annotations

from dataclasses import replace

from qosresolve.core.rules import Rule
from tests.core.builders import Product, finding, names


def test_a_finding_of_a_person_stops_the_respond_clock() -> None:
    """An owner took it: a person's finding responds, a tool's does not."""
    product = Product()
    product.sample("10:00")
    assert "ClockStopped" not in names(product.find("10:01", "service", "svc-9"))
    by_person = replace(finding("service", "svc-8", sequence=77), by_person=True)
    assert "ClockStopped" in names(product.command("10:02", "finding", finding=by_person))


def test_a_cause_of_one_indicator_leaves_the_cause_of_another() -> None:
    """A later finding of the same source revises only what it covers."""
    product = Product()
    product.sample("10:00")
    first = replace(finding("service", "svc-9", sequence=1), explains=("latency",))
    second = replace(finding("resource", "cpe-7", sequence=2), explains=("loss",))
    product.command("10:01", "finding", finding=first)
    assert "RootCauseRevised" not in names(product.command("10:02", "finding", finding=second))
    assert len(product.report.root_causes) == 2


def test_a_repeated_finding_is_a_no_op() -> None:
    """Source and source sequence are a finding's identity."""
    product = Product()
    product.sample("10:00")
    known = finding("service", "svc-9", sequence=5)
    product.command("10:01", "finding", finding=known)
    assert product.command("10:02", "finding", finding=known).entry.rule is Rule.FINDING_KNOWN
