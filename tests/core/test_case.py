"""The case: what it has seen of an event, and which of its reports is meant."""

from __future__ import annotations

from qosresolve.core.case import Case
from qosresolve.core.record import changed
from tests.core.builders import PRODUCT, Product, at

EVENT, BODY = b"event-id", b"body"


def seen(ring: bytes) -> bytes | None:
    """Return what a case with a report of that ring has seen of the event."""
    product = Product()
    product.sample("10:00")
    return Case(PRODUCT, None, (changed(product.report, seen=ring),)).seen(EVENT + b"else")


def test_an_event_is_found_in_its_own_place_only() -> None:
    """Bytes of two neighbours that read like its id are not it; what is found says which body it had."""
    neighbours = b"????" + EVENT
    assert seen(b"") is None
    assert seen(neighbours) is None
    assert seen(EVENT + BODY) == EVENT + BODY
    assert seen(neighbours + EVENT + BODY) == EVENT + BODY
    assert seen(b"other-id----" + neighbours + EVENT + BODY) == EVENT + BODY


def test_a_product_has_one_open_report_and_its_newest() -> None:
    """Time never goes back below the newest change of report or watch."""
    product = Product()
    assert (product.case.open, product.case.latest, product.case.last_now()) == (None, None, 0)
    product.sample("10:00")
    product.command("10:10", "clear")
    product.sample("12:00")
    first, second = product.case.reports
    assert (product.case.open, product.case.latest) == (second, second)
    assert product.case.report(first.report_id) is first
    assert product.case.report("nobody") is None
    product.command("12:10", "clear")
    assert (product.case.open, product.case.latest) == (None, product.report)
    product.sample("12:20", "good", indicator="loss")
    assert product.case.last_now() == at("12:20")
