"""Facts as JSON: all of them, whole, and every number known for what it is."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qosresolve.contracts.tmf.facts import camel, is_instant, is_span, spelt
from qosresolve.contracts.tmf.journal import event
from qosresolve.contracts.tmf.parts import Parts
from qosresolve.core import facts as f
from qosresolve.core.inputs import Cause
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome, Severity, Status
from tests.contracts.strategies import anything

COUNTS = {"alarm", "attempt", "level", "percent", "priority", "refusals", "reminders", "repeats", "sequence"}
COUNTS |= {"size", "skipped"}
COUNTS |= {"finding_count", "information_revision", "reopened", "repeat_count", "revision", "status_changes"}
KINDS = get_args(f.Fact)
NOW = 1_772_445_600_000


def test_every_number_is_an_instant_a_span_or_a_count() -> None:
    """A new field has to be put among one of them, or it would be written as a bare number."""
    named = {name for kind in KINDS for name in _numbers(kind)}
    assert {name for name in named if not is_instant(name) and not is_span(name)} == COUNTS


def _numbers(kind: type[Any]) -> set[str]:
    """Return the names of whole numbers in a dataclass and what it holds."""
    found: set[str] = set()
    hints = get_type_hints(kind)
    for name in (field.name for field in fields(kind)):
        for part in _parts(hints[name]):
            found |= (
                {name}
                if part is int
                else _numbers(part)
                if isinstance(part, type) and is_dataclass(part)
                else set()
            )
    return found


def _parts(hint: object) -> set[Any]:
    return {hint}.union(*map(_parts, get_args(hint)))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(deadline=None, max_examples=10)
def test_a_fact_is_told_whole(kind: type[Any], data: st.DataObject) -> None:
    """Its kind and each of its values that is there, under its own name."""
    fact = data.draw(anything(kind))
    told = spelt(fact)
    there = {camel(field.name) for field in fields(kind) if getattr(fact, field.name) is not None}
    assert told.keys() == there | {"@type"}
    assert told["@type"] == kind.__name__


def test_times_spans_and_statuses_are_in_their_words() -> None:
    """RFC 3339, ISO 8601, and `resolved`."""
    changed = f.StatusChanged("r-1", Status.IN_PROGRESS, Status.CLEARED, NOW, "why", "rule")
    assert spelt(changed) == {
        "@type": "StatusChanged",
        "reportId": "r-1",
        "previous": "inProgress",
        "status": "resolved",
        "at": "2026-03-02T10:00:00.000Z",
        "reason": "why",
        "actor": "rule",
    }
    assert spelt(f.ReportReopened("r-1", NOW, True, 90_000))["deducted"] == "PT90.000S"


def _entry(*facts: f.Fact) -> f.Entry:
    cause = Cause("qos.command.v1", 1, 7, "command|c-1")
    return f.Entry("prod-1", cause, NOW, Outcome.APPLIED, Rule.NONE, "policy-1", b"", facts)


def test_clearing_a_report_is_the_message_to_close() -> None:
    """Status, its history in order, and when it was restored; of the report that the entry is about."""
    told = event(
        _entry(
            f.Restored("r-1", NOW - 5, NOW),
            f.StatusChanged("r-1", Status.ACKNOWLEDGED, Status.IN_PROGRESS, NOW, "restored", "rule"),
            f.StatusChanged("r-1", Status.IN_PROGRESS, Status.CLEARED, NOW, "restored", "rule"),
            f.SeverityChanged("r-0", Severity.CRITICAL),
        ),
        Parts("v5", "operator-1"),
    )
    assert told["@type"] == told["eventType"] == "CustomerQosPerformanceDegradationReportStatusChangeEvent"
    assert told["eventId"] == "qos.command.v1/1/7"
    report = told["event"]["customerQosPerformanceDegradationReport"]
    assert report["status"] == "resolved"
    assert [change["status"] for change in report["statusChangeHistory"]] == ["inProgress", "resolved"]
    assert report["resolutionDate"] == "2026-03-02T09:59:59.995Z"
    assert "severity" not in report, "another report's"
    assert [fact["@type"] for fact in told["event"]["fact"]] == [
        "Restored",
        "StatusChanged",
        "StatusChanged",
        "SeverityChanged",
    ]


def test_an_entry_about_no_report_is_a_note() -> None:
    """It has no report, and nothing to correlate with."""
    told = event(_entry(f.PolicyActivated("h")), Parts("v4", "operator-1"))
    assert told["eventType"] == "InputNotedEvent"
    assert "correlationId" not in told
    assert told["event"] == {"fact": [{"@type": "PolicyActivated", "policy": "h"}]}
