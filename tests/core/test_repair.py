"""Repair: a report is set to what its journal says, and nothing that happened since is lost."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from qosresolve.core import repair
from qosresolve.core.case import Case
from qosresolve.core.facts import ReportRepaired
from qosresolve.core.fold import fold
from qosresolve.core.inputs import Repair
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome, Severity, Status, Verb
from tests.core.builders import POLICY, PRODUCT, Product, at, names

MENDING = replace(POLICY, roles={**POLICY.roles, Verb.REPAIR: ("operator",)})


@pytest.fixture
def product() -> Product:
    """A product with a report that was opened and acknowledged."""
    product = Product(MENDING)
    product.sample("10:00", "critical")
    product.command("10:05", "acknowledge")
    return product


def damaged(product: Product, **changes: object) -> Report:
    """Let the owner hold something else than the journal says, as after a restart; return that."""
    wrong = replace(product.report, **changes)  # type: ignore[arg-type]
    product.case = Case(PRODUCT, product.case.watch, (wrong,))
    return wrong


def ordered(right: Report | None, found: Report | None) -> dict[str, object]:
    """Return an order's fields, for whoever folded `right` and found that on the topic."""
    about = right or found
    assert about is not None
    return {"report_id": about.report_id, "repair": Repair(right, repair.digest(found))}


def folded(product: Product) -> Case:
    """Return the fold of the whole journal."""
    case = Case(PRODUCT)
    for entry in product.entries:
        case = fold(case, entry)
    return case


def test_a_wrong_report_is_set_to_its_journal(product: Product) -> None:
    """One fact, nothing else set going; the fold of the journal is what the owner holds, on either way."""
    right = product.report
    wrong = damaged(product, assignee="nobody", severity=Severity.MINOR, obligations=())
    done = product.command("10:10", "repair", **ordered(right, wrong))
    assert names(done) == ["ReportRepaired"]
    assert done.requests == ()
    assert product.case == folded(product)
    assert product.report.revision == right.revision + 1
    assert product.report.information_revision == right.information_revision + 1
    stamped = {"revision", "information_revision", "updated_at", "seen"}
    changed = {
        at.name for at in fields(Report) if getattr(product.report, at.name) != getattr(right, at.name)
    }
    assert changed == stamped


def test_where_the_owner_is_right_its_report_is_written_again(product: Product) -> None:
    """Something wrote over the topic while the owner's memory was whole: its record has to come again."""
    right = product.report
    done = product.command("10:10", "repair", **ordered(right, replace(right, assignee="rogue")))
    assert (done.entry.outcome, product.report.revision) == (Outcome.APPLIED, right.revision + 1)


def test_what_happened_since_the_fold_is_not_lost(product: Product) -> None:
    """An input that came between fold and order changes what is held: refused, whichever was held."""
    right = product.report
    wrong = damaged(product, assignee="nobody")
    product.command("10:08", "note", value="meanwhile")
    assert product.command("10:10", "repair", **ordered(right, wrong)).entry.rule is Rule.CHANGED_SINCE
    product.case = folded(product)
    assert product.command("10:11", "repair", **ordered(right, wrong)).entry.rule is Rule.CHANGED_SINCE
    assert product.command("10:12", "repair", **ordered(product.report, wrong)).facts


def test_a_lost_report_comes_back_where_it_was(product: Product) -> None:
    """Nobody holds it, nothing lay there; it is before those that were opened later."""
    right = replace(product.report, status=Status.CLOSED)
    later = replace(right, report_id="later", opened_at=right.opened_at + 1)
    product.case = Case(PRODUCT, None, (later,))
    product.command("10:10", "repair", **ordered(right, None))
    assert [report.report_id for report in product.case.reports] == [right.report_id, "later"]


def test_only_one_report_is_open(product: Product) -> None:
    """An open one does not come back beside a newer one that is open."""
    right = product.report
    product.case = Case(PRODUCT, None, (replace(right, report_id="newer"),))
    done = product.command("10:10", "repair", **ordered(right, None))
    assert done.entry.rule is Rule.OTHER_OPEN


def test_a_report_that_the_journal_does_not_know_is_removed(product: Product) -> None:
    """Held or not: the fact says that there is none."""
    extra = replace(product.report, report_id="extra", status=Status.CLOSED)
    product.case = Case(PRODUCT, None, (extra, *product.case.reports))
    for _ in ("held", "not held"):
        done = product.command("10:10", "repair", **ordered(None, extra))
        assert [type(fact) for fact in done.facts] == [ReportRepaired]
        assert product.case.report("extra") is None
    assert len(product.case.reports) == 1


def test_a_time_that_is_wrong_is_mended_too(product: Product) -> None:
    """The time of what is to be repaired is not believed: else it would stay in the future for good."""
    right = product.report
    wrong = damaged(product, updated_at=at("5 10:00"))
    done = product.command("10:10", "repair", **ordered(right, wrong))
    assert (done.entry.now, product.report.updated_at) == (at("10:10"), at("10:10"))


@pytest.mark.parametrize(
    "changes",
    [
        {"product_id": "another"},
        {"report_id": "another"},
        {"policy": "nobody knows it"},
        {"updated_at": at("1 10:00")},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_cannot_be_held_is_refused(product: Product, changes: dict[str, object]) -> None:
    """Of another product, another id, an unknown policy (it would stop the partition), of a later day."""
    wrong = replace(product.report, **changes)  # type: ignore[arg-type]
    asked = Repair(wrong, repair.digest(product.report))
    done = product.command("10:10", "repair", report_id=product.report.report_id, repair=asked)
    assert (done.entry.rule, done.case) == (Rule.BAD_VALUE, product.case)


def test_an_order_without_a_report_is_refused(product: Product) -> None:
    """Somebody wrote the verb by hand."""
    assert product.command("10:10", "repair").entry.rule is Rule.BAD_VALUE


@pytest.mark.parametrize(("policy", "role"), [(POLICY, "operator"), (MENDING, "somebody")])
def test_a_role_has_to_be_listed(policy: object, role: str) -> None:
    """A policy that says nothing of it lets nobody: with other commands it lets everybody."""
    product = Product(policy)  # type: ignore[arg-type]
    product.sample("10:00", "critical")
    right = product.report
    done = product.command("10:10", "repair", role=role, **ordered(right, right))
    assert done.entry.rule is Rule.ROLE_NOT_ALLOWED


def test_what_could_not_be_read_is_only_mended_by_who_knows_better(product: Product) -> None:
    """There is no digest of it: the owner has to hold what the journal says."""
    right = product.report
    asked = {"report_id": right.report_id, "repair": Repair(right, repair.UNREADABLE)}
    assert product.command("10:10", "repair", **asked).facts
    product.case = Case(PRODUCT)
    assert product.command("10:11", "repair", **asked).entry.rule is Rule.CHANGED_SINCE
