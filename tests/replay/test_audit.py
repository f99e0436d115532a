"""One partition audited without a broker: what is proved, what is excused, and what cannot be proved."""

from dataclasses import replace

import pytest

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import ReportForgotten
from qosresolve.core.partition import PartitionState, Position
from qosresolve.core.report import Report
from qosresolve.replay.audit import Audit, Verification
from tests.core.builders import PRODUCT, TOPICS, Product, at

CONTRACTS = Contracts(SingleObjectCodec())
ALL_BELOW = PartitionState(0, tuple(Position(topic, 1_000) for topic in TOPICS.values()), "policy-1")


@pytest.fixture
def product() -> Product:
    """A product whose report was opened, acknowledged and restored."""
    product = Product()
    product.sample("10:00", "critical")
    product.command("10:05", "acknowledge")
    product.sample("10:20", "good")
    return product


def audited(
    product: Product,
    stored: Report | None,
    *,
    positions: PartitionState = ALL_BELOW,
    skip: int = 0,
    shortened: bool = False,
) -> Verification:
    """Audit a product's journal, from its `skip`th entry on, against one stored report."""
    return read(product, stored, positions=positions, skip=skip, shortened=shortened).result()


def read(
    product: Product,
    stored: Report | None,
    *,
    positions: PartitionState = ALL_BELOW,
    skip: int = 0,
    shortened: bool = False,
) -> Audit:
    """Return an audit that has seen all of it."""
    audit = Audit(positions, shortened=shortened)
    if stored is not None:
        key = f"{PRODUCT}/{stored.report_id}"
        audit.put(CONTRACTS, key, CONTRACTS.write_report(stored), watch=False)
    for entry in product.entries[skip:]:
        audit.take(entry)
    return audit


def test_what_the_journal_folds_to_is_equal(product: Product) -> None:
    """The report as the worker wrote it, bytes and back."""
    result = audited(product, product.report)
    assert result == Verification(1, 3, 1, 1, 0)
    assert result.equal


def test_an_outdated_report_differs(product: Product) -> None:
    """All its entries lie below the positions, so the topic ought to hold the last."""
    older = replace(product.report, revision=product.report.revision - 1)
    (found,) = audited(product, older).mismatches
    assert (found.kind, found.path) == ("differs", "revision")


def test_a_report_that_moved_while_it_was_read_may_be_any_of_its_last_values() -> None:
    """State is read before the journal: what came in between is not held against it."""
    product = Product()
    product.sample("10:00", "critical")
    before = product.report
    product.command("10:05", "acknowledge")
    moving = PartitionState(0, (Position(TOPICS[type(product.inputs[0][0].body)], 1),), "policy-1")
    assert audited(product, before, positions=moving).equal
    assert audited(product, product.report, positions=moving).equal
    assert not audited(product, replace(before, assignee="nobody"), positions=moving).equal
    assert not audited(product, None, positions=moving).equal
    assert read(product, None, positions=moving).overtaken, "compaction may have been quicker than we"
    assert not read(product, product.report, positions=moving).overtaken
    assert not read(product, None).overtaken, "nothing moved: it is missing"


def test_a_lost_report_is_missing(product: Product) -> None:
    """The journal holds its opening, the topic nothing."""
    (found,) = audited(product, None).mismatches
    assert found.kind == "missing"


def test_a_report_without_a_beginning_is_extra(product: Product) -> None:
    """The journal is whole and does not know it."""
    (found,) = audited(product, product.report, skip=3).mismatches
    assert found.kind == "extra"


def test_a_report_whose_opening_aged_out_is_unprovable(product: Product) -> None:
    """Retention passed it: neither equal nor different."""
    result = audited(product, product.report, skip=1, shortened=True)
    assert result.unprovable == (f"{PRODUCT}/{product.report.report_id}",)
    assert result.equal
    assert result.reports == 0


def test_what_nobody_can_read_is_named(product: Product) -> None:
    """It does not hide what else differs: the verification goes on."""
    audit = Audit(ALL_BELOW)
    audit.put(CONTRACTS, f"{PRODUCT}/{product.report.report_id}", b"no report", watch=False)
    for entry in product.entries:
        audit.take(entry)
    (found,) = audit.result().mismatches
    assert (found.kind, found.report_id) == ("unreadable", product.report.report_id)
    assert found.topic, "it says why"


def test_a_report_that_is_nowhere_and_began_too_early_is_unprovable(product: Product) -> None:
    """The journal tells of it, nobody can say what it should be; once forgotten, nothing is missing."""
    name = product.report.report_id
    assert audited(product, None, skip=1, shortened=True).unprovable == (f"{PRODUCT}/{name}",)
    product.entries.append(replace(product.entries[-1], facts=(ReportForgotten(name),)))
    result = audited(product, None, skip=1, shortened=True)
    assert (result.unprovable, result.mismatches) == ((), ())


def test_at_an_instant_later_entries_are_left_out() -> None:
    """Of a report that they are about nothing is said; all others have to be as they were."""
    product = Product()
    product.sample("10:00", "critical")
    before = product.report
    product.command("10:05", "acknowledge")

    def at_ten(stored: Report, until: str) -> Verification:
        audit = Audit(ALL_BELOW, at=at(until))
        audit.put(CONTRACTS, f"{PRODUCT}/{stored.report_id}", CONTRACTS.write_report(stored), watch=False)
        for entry in product.entries:
            audit.take(entry)
        return audit.result()

    wrong = replace(before, assignee="nobody")
    assert (at_ten(wrong, "10:04").later, at_ten(wrong, "10:04").mismatches) == (1, ())
    assert at_ten(product.report, "10:05").reports == 1
    assert not at_ten(wrong, "10:05").equal
