"""Engage: who is asked, by which contact, until when."""

from __future__ import annotations

from qosresolve.core.requests import SupplierRequest
from qosresolve.core.rules import Rule
from tests.core.builders import Product, at


def test_the_engagement_carries_report_and_underpinning_target() -> None:
    """The report id always travels; the supplier's time is its own."""
    product = Product()
    product.sample("10:00")
    done = product.find("10:05", "supplier", "cpe-7", party="carrier")
    request = next(item for item in done.requests if isinstance(item, SupplierRequest))
    assert request.context.report_id == product.report.report_id
    assert (request.party, request.contact, request.component) == ("carrier", "carrier-noc", "cpe-7")
    assert request.due_at == at("11:05")


def test_an_unknown_supplier_has_the_default_terms() -> None:
    """A cause with a supplier that the policy does not know goes to the default contact."""
    product = Product()
    product.sample("10:00")
    product.find("10:05", "supplier", "cpe-7")
    assert product.obligation("engage").contact == "supplier-desk"


def test_an_answer_to_nothing_is_refused() -> None:
    """An answer that names no obligation of the product is refused with its rule."""
    product = Product()
    product.sample("10:00")
    done = product.answer("10:05", "analyse", "accepted", obligation_id="nobody")
    assert done.entry.rule is Rule.NO_SUCH_OBLIGATION


def test_two_parties_at_fault_for_one_component_are_engaged_in_turn() -> None:
    """Causes that wait for the same engagement to end do not become one attempt for two parties at once."""
    product = Product()
    product.sample("10:00")
    product.find("10:05", "supplier", "cpe-7", party="carrier")
    product.find("10:06", "supplier", "cpe-7", party="backbone", source="probe")
    product.find("10:07", "supplier", "cpe-7", party="submarine", source="customer")
    product.answer("10:08", "engage", "rejected")
    engaged = [item.party for item in product.report.obligations if item.node == "engage"]
    assert engaged == ["carrier", "backbone"]
    product.answer("10:09", "engage", "rejected")
    engaged = [item.party for item in product.report.obligations if item.node == "engage"]
    assert engaged == ["carrier", "backbone", "submarine"]
