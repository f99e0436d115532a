"""The fold: what an entry of the journal changes, and what it leaves alone."""

from __future__ import annotations

from qosresolve.core.facts import AlarmSettled, Entry, NoteAdded
from qosresolve.core.fold import fold
from qosresolve.core.inputs import Cause
from qosresolve.core.report import RING_SIZE
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome
from tests.core.builders import PRODUCT, Product, at


def test_what_an_entry_does_not_touch_keeps_its_revision() -> None:
    """A report's event is none of the watch, nor the other way round."""
    product = Product()
    product.sample("10:00")
    product.sample("10:01", "good", indicator="loss")
    assert product.case.watch is not None
    watch, revision = product.case.watch, product.report.revision
    assert (watch.revision, watch.updated_at) == (1, at("10:01"))
    product.sample("10:05", "critical")
    assert product.case.watch == watch
    assert (product.report.revision, product.report.updated_at) == (revision + 1, at("10:05"))


def test_an_entry_stamps_what_it_touched() -> None:
    """Revision, time, and the event's fingerprint; information has a revision that only words raise."""
    product = Product()
    product.sample("10:00")
    before = product.report
    note = NoteAdded(before.report_id, "anna", "looked")
    settled = AlarmSettled(before.report_id, 7)
    mark = b"twelve bytes"
    entry = Entry(
        PRODUCT,
        Cause("t", 0, 0, ""),
        at("10:30"),
        Outcome.APPLIED,
        Rule.NONE,
        "",
        mark,
        (note, settled),
    )
    (after,) = fold(product.case, entry).reports
    assert (after.updated_at, after.revision, after.alarm) == (at("10:30"), before.revision + 1, 7)
    assert after.information_revision == before.information_revision + 1
    assert after.seen == before.seen + mark


def test_a_report_remembers_its_newest_events_only() -> None:
    """The ring against re-sending is bounded: the oldest fingerprint goes first."""
    product = Product()
    product.sample("10:00")
    for number in range(RING_SIZE + 3):
        product.command("10:01", "note", value=f"note {number}")
    marks = [entry.fingerprint for entry in product.entries][-RING_SIZE:]
    assert product.report.seen == b"".join(marks)


def test_a_new_report_begins_where_its_degradation_does() -> None:
    """Opened and touched at the record's time, the clocks from the first bad sample; one step of history."""
    product = Product()
    product.sample("10:00")
    report = product.report
    assert (report.opened_at, report.updated_at, report.started_at) == (at("10:00"),) * 3
    assert (report.status_changes, report.revision, report.information_revision) == (1, 1, 1)
    (step,) = report.history
    assert (step.status, step.at, step.reason, step.actor) == ("acknowledged", at("10:00"), "opened", "")
    assert (report.customer_id, report.priority, report.policy) == ("customer-1", 2, "policy-1")


def test_of_what_has_ended_a_relapse_keeps_the_newest_attempt() -> None:
    """It numbers the next one; a report that comes back again and again does not grow."""
    product = Product()
    product.sample("10:00")
    attempts = []
    for hour in (10, 11, 12):
        product.answer(f"{hour}:10", "analyse", "resolved")
        product.command(f"{hour}:20", "clear")
        product.sample(f"{hour}:30")
        analyses = [
            item for item in product.report.obligations if (item.node, item.target) == ("analyse", "")
        ]
        attempts.append([item.attempt for item in analyses])
    assert attempts == [[1, 2], [2, 3], [3, 4]]
