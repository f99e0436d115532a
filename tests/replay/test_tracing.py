"""What is behind a difference: the entry that changed a field, and the first that the topic lacks."""

from dataclasses import replace

import pytest

from qosresolve.core.report import Report
from qosresolve.replay.audit import Audit
from qosresolve.replay.differences import Mismatch
from qosresolve.replay.tracing import Tracing
from tests.core.builders import PRODUCT, Product
from tests.replay.test_audit import ALL_BELOW, CONTRACTS


@pytest.fixture
def product() -> Product:
    """A product whose report was opened (0), acknowledged (1), given to Bob (2) and noted (3)."""
    product = Product()
    product.sample("10:00", "critical")
    product.command("10:05", "acknowledge")
    product.command("10:10", "assign", value="bob")
    product.command("10:15", "note", value="bob looks")
    return product


def traced(product: Product, stored: Report | None) -> Mismatch:
    """Return the one difference, with what is behind it."""
    audit = Audit(ALL_BELOW)
    if stored is not None:
        key = f"{PRODUCT}/{stored.report_id}"
        audit.put(CONTRACTS, key, CONTRACTS.write_report(stored), watch=False)
    for offset, entry in enumerate(product.entries):
        audit.take(entry, offset)
    audit.result()
    tracing = Tracing(audit.disputed)
    for offset, entry in enumerate(product.entries):
        assert tracing.wants(entry.product_id)
        tracing.take(entry, offset)
    (found,) = tracing.result()
    return found


def test_each_field_has_the_entry_that_changed_it_last(product: Product) -> None:
    """Whoever wrote over it is not in the journal; who was right is."""
    found = traced(product, replace(product.report, assignee="nobody", description="changed"))
    touched = {field.path: field.touched for field in found.fields}
    assert touched.keys() == {"assignee", "description"}
    assignee, description = touched["assignee"], touched["description"]
    assert assignee is not None
    assert description is not None
    assert (assignee.offset, assignee.cause_offset, assignee.facts) == (2, 2, ("InformationChanged",))
    assert description.offset == 0, "it is as it was opened"
    assert found.since is None, "it was never like that"


def test_an_older_value_names_the_first_entry_that_is_not_in_it(product: Product) -> None:
    """A report that is behind is right up to there."""
    older = Product()
    for received, now in product.inputs[:2]:
        older.feed(received.body, now, digest=received.digest)
    found = traced(product, older.report)
    assert found.since is not None
    assert (found.since.offset, found.since.facts) == (2, ("InformationChanged",))
    assert {field.path for field in found.fields} >= {"assignee", "revision"}


def test_a_row_of_a_table_is_touched_with_its_parts(product: Product) -> None:
    """A path within a table is one of what was added to the table."""
    shorter = replace(product.report, history=product.report.history[:1])
    (field,) = traced(product, shorter).fields
    assert (field.path, field.journal, field.topic) == ("history", "2 rows", "1 rows")
    assert field.touched is not None
    assert field.touched.offset == 1


def test_a_missing_report_names_its_last_entry(product: Product) -> None:
    """So one sees since when it could be missing."""
    found = traced(product, None)
    assert (found.kind, found.fields) == ("missing", ())
    assert found.since is not None
    assert found.since.offset == 3
