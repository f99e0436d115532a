"""TMF623 SLA violations: raised only, about the agreement, with whatever operators people write."""

from typing import Any

import pytest

from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.errors import PoisonRecordError
from qosresolve.intake.formats import tmf623
from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Mark, Observation
from qosresolve.intake.rules import Rules

VIOLATION = {"rule": {"id": "latency"}, "actualValue": "31", "referenceValue": "20", "unit": "ms"}


def _one(rules: Rules | None = None, **fields: Json) -> Observation:
    payload = {
        "id": "4504",
        "date": "2026-03-01T12:00:00Z",
        "sla": {"id": "sla-7"},
        "violation": VIOLATION,
    } | fields
    assert tmf623.fits(payload)
    (found,) = tmf623.read(payload, rules or Rules()).observations
    return found


def test_a_violation_is_a_raise_of_the_agreement() -> None:
    """Its rule is the indicator; the agreement stands for the service."""
    found = _one(Rules(indicators={"latency": "delay"}))
    assert (found.kind, found.indicator, found.objects) == (DegradationKind.RAISE, "delay", ("sla-7",))
    assert (found.value, found.threshold, found.unit) == ("31", "20", "ms")
    assert (found.object_kind, found.source_id) == (ObjectKind.SERVICE, "4504")


@pytest.mark.parametrize(
    ("operator", "reference", "told"),
    [
        (".ge", "20", "the rule is >= 20"),
        ("GT", "20", "the rule is > 20"),
        ("<=", "20", "the rule is <= 20"),
        (".eq", "GT 20", "the rule is = 20"),
        ("about", "20", "the rule is about 20"),
        (None, "20", ""),
    ],
)
def test_operators(operator: str | None, reference: str, told: str) -> None:
    """With a point, in capitals, as a sign, or in the value too; a word that is none is told as it is."""
    found = _one(violation=VIOLATION | {"operator": operator, "referenceValue": reference})
    assert (found.threshold, found.description) == ("20", told)


@pytest.mark.parametrize(
    ("told", "severity", "marks"),
    [
        ({"rule": {"id": "latency", "severity": "Critical"}}, Severity.CRITICAL, ()),
        ({"consequence": [{"name": "minor"}]}, Severity.MINOR, ()),
        ({"consequence": {"type": "penalty"}}, Severity.MAJOR, (Mark.SEVERITY_ASSUMED,)),
    ],
)
def test_severity_is_of_the_rule_or_its_consequence(
    told: dict[str, Any], severity: Severity, marks: tuple[Mark, ...]
) -> None:
    """Else it is assumed, and marked."""
    found = _one(violation=VIOLATION | told)
    assert (found.severity, found.marks) == (severity, marks)


def test_the_customer_is_a_second_name() -> None:
    """For an inventory that does not know the agreement; other parties are none."""
    parties = [{"id": "us", "role": "SLAProvider"}, {"id": "c-1", "role": "Customer"}]
    assert _one(relatedParty=parties).objects == ("sla-7", "c-1")


@pytest.mark.parametrize(
    ("payload", "missing"),
    [
        ({"id": "1", "sla": {}, "violation": VIOLATION}, "agreement"),
        ({"id": "1", "sla": {"id": "s"}, "violation": []}, "without its violation"),
        ({"eventType": "X", "event": {"alarm": {"id": "1"}}}, "no slaViolation"),
    ],
)
def test_what_is_missing_is_named(payload: dict[str, Any], missing: str) -> None:
    """A violation of nothing cannot be anybody's."""
    with pytest.raises(PoisonRecordError, match=missing) as caught:
        tmf623.read(payload, Rules())
    assert caught.value.remedy
