"""What opens a report, and what the report then knows of it."""

from __future__ import annotations

from dataclasses import replace

from qosresolve.core.facts import Facts, IndicatorMeasured, ReportOpened, SuccessorNamed
from qosresolve.core.ids import report_id
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import DegradationKind, Outcome, Severity
from tests.core.builders import PRODUCT, Product, at, command, sample


def opened_by(facts: Facts) -> ReportOpened:
    """Return the one opening among facts."""
    (fact,) = (fact for fact in facts if isinstance(fact, ReportOpened))
    return fact


def test_a_report_knows_whose_product_it_is_and_what_was_said() -> None:
    """Customer, tier, site, offering, cause and words of the sample; priority and policy of the tier."""
    event = replace(
        sample("10:00"), site="office", offering="vpn", cause_key="fibre-12", description="x" * 501
    )
    product = Product()
    done = product.feed(event, "10:01")
    assert opened_by(done.facts) == ReportOpened(
        report_id=report_id(PRODUCT, "qos.degradation.v1", 0, 0),
        product_id=PRODUCT,
        customer_id="customer-1",
        tier="gold",
        site="office",
        offering="vpn",
        policy="policy-1",
        severity=Severity.MAJOR,
        opened_at=at("10:01"),
        started_at=at("10:00"),
        predecessor="",
        cause_key="fibre-12",
        description="x" * 500,
        priority=2,
        customer_ticket="",
    )


def test_a_sample_without_a_tier_has_the_default_one() -> None:
    """The policy names it; its priority counts."""
    product = Product()
    done = product.feed(replace(sample("10:00"), tier=""), "10:00")
    assert (opened_by(done.facts).tier, opened_by(done.facts).priority) == ("gold", 2)


def test_a_report_keeps_the_trace_that_opened_it() -> None:
    """Of the input that opened it, a later one changes nothing; the fold of the journal knows it too."""
    product = Product(trace="first")
    product.feed(sample("10:00"), "10:00")
    product.trace = "second"
    product.feed(sample("10:01", "critical"), "10:01")
    assert product.report.trace == "first"


def test_what_create_hands_over_brings_the_customers_ticket() -> None:
    """Its words are kept as far as the report's cap lets them."""
    product = Product()
    order = replace(
        command("open", command_id="c-1"), degradation=sample("10:00"), value="T" * 501, issued_at=at("10:00")
    )
    done = product.feed(order, "10:00")
    assert opened_by(done.facts).customer_ticket == "T" * 500
    assert (done.entry.outcome, done.entry.rule) == (Outcome.APPLIED, Rule.NONE)


def test_what_is_handed_over_is_about_this_product_and_bad() -> None:
    """Create's word for another product, or of good news, or of nothing, opens nothing."""
    product = Product()
    order = replace(command("open", command_id="c-1"), issued_at=at("10:00"))
    for handed in (None, replace(sample("10:00"), product_id="other"), sample("10:00", "good")):
        product.inputs.clear()
        done = product.feed(replace(order, degradation=handed, command_id=f"c-{handed}"), "10:00")
        assert (done.entry.outcome, done.entry.rule) == (Outcome.REFUSED, Rule.BAD_VALUE)
    assert product.case.latest is None


def test_a_kind_that_is_newer_than_this_version_is_refused() -> None:
    """An unknown word changes nothing, and says so."""
    done = Product().feed(replace(sample("10:00"), kind=DegradationKind.UNKNOWN), "10:00")
    assert (done.entry.outcome, done.entry.rule, done.facts) == (Outcome.REFUSED, Rule.UNKNOWN_WORD, ())


def test_successor_and_predecessor_name_each_other() -> None:
    """A report after the relapse window is a new one; both know it."""
    product = Product()
    product.sample("10:00")
    product.command("10:10", "clear")
    first = product.report.report_id
    done = product.sample("12:00")
    opened = opened_by(done.facts)
    assert opened.predecessor == first
    assert SuccessorNamed(first, opened.report_id) in done.facts
    assert [report.successor for report in product.case.reports] == [opened.report_id, ""]


def test_the_relapse_window_includes_its_last_instant() -> None:
    """An hour after the restoration it is still the same trouble, a minute later another."""
    for clock, count in (("11:10", 1), ("11:11", 2)):
        product = Product()
        product.sample("10:00")
        product.command("10:10", "clear")
        product.sample(clock)
        assert len(product.case.reports) == count


def test_a_relapse_begins_its_row_anew() -> None:
    """The row of the bad sample starts with it; the report's own start stays."""
    product = Product()
    product.sample("10:00")
    product.command("10:10", "clear")
    done = product.sample("10:30", "critical")
    (measured,) = (fact for fact in done.facts if isinstance(fact, IndicatorMeasured))
    row = measured.indicator
    assert (row.started_at, row.severity, row.good_since) == (at("10:30"), Severity.CRITICAL, None)
    assert (product.report.started_at, product.report.repeat_count) == (at("10:00"), 1)
