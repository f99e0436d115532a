"""What the functions written out of a schema write is what fastavro writes, byte for byte."""

from io import BytesIO
from typing import Any

import msgspec
import pytest
from fastavro import schemaless_writer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qosresolve.contracts import schemas, writers
from qosresolve.contracts.convert import NAMESPACE
from qosresolve.contracts.records import REQUESTS, PublishedPolicy
from qosresolve.contracts.writers import KEPT, LONGS, TEXTS, writer
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Command, Deadline, Degradation
from qosresolve.core.partition import MaintenanceWindow, PartitionState
from qosresolve.core.record import changed
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import Severity
from qosresolve.core.watch import Watch
from qosresolve.intake.inventory import Relation
from qosresolve.intake.parking import Parked
from qosresolve.intake.state import IntakeState
from tests.contracts.strategies import anything

KINDS: dict[str, type] = {
    "degradation": Degradation,
    "command": Command,
    "deadline": Deadline,
    "report": Report,
    "watch": Watch,
    "partition": PartitionState,
    "report-event": Entry,
    "policy": PublishedPolicy,
    "maintenance-window": MaintenanceWindow,
    "inventory": Relation,
    "intake": IntakeState,
    "parked": Parked,
    **REQUESTS,
}
LONG = 1 << 63


def by_fastavro(record: str, value: object) -> bytes:
    """Return what fastavro writes."""
    plain: dict[str, Any] = msgspec.to_builtins(value, builtin_types=(bytes,))
    if isinstance(value, Entry):
        facts = zip(value.facts, plain["facts"], strict=True)
        plain["facts"] = [(f"{NAMESPACE}.{type(fact).__name__}", each) for fact, each in facts]
    out = BytesIO()
    schemaless_writer(out, schemas.current(record).parsed, plain)
    return out.getvalue()


@pytest.mark.parametrize("record", KINDS)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_bytes_are_fastavros(record: str, data: st.DataObject) -> None:
    """Whatever the value, and whatever was written before."""
    value = data.draw(anything(KINDS[record]))
    assert writer(record, KINDS[record])(value) == by_fastavro(record, value)


@given(st.integers(-LONG, LONG - 1))
def test_numbers(number: int) -> None:
    """Every long is written as fastavro writes it."""
    out = BytesIO()
    schemaless_writer(out, {"type": "long"}, number)
    assert LONGS[number] == out.getvalue()


@pytest.mark.parametrize("number", [LONG, -LONG - 1])
def test_what_is_no_long_is_refused(number: int) -> None:
    """No bytes are made that nobody could read."""
    with pytest.raises(OverflowError, match="no long"):
        LONGS[number]


@given(st.text())
def test_texts(text: str) -> None:
    """Every text is its length in bytes, then UTF-8; asked twice it is the same."""
    try:
        expected = LONGS[len(text.encode())] + text.encode()
    except UnicodeEncodeError:
        with pytest.raises(UnicodeEncodeError):
            TEXTS[text]
    else:
        assert TEXTS[text] == TEXTS[text] == expected


def test_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered is bounded, by number and by length."""
    monkeypatch.setattr(writers, "KEPT", 3)
    texts = type(TEXTS)()
    for text in ("a", "b", "c", "d", "x" * (writers.SHORT + 1)):
        assert texts[text][1:].endswith(text.encode()[-1:])
    assert set(texts) == {"d"}
    assert len(texts) < KEPT


def test_a_value_of_another_type_is_refused() -> None:
    """A report that is not what the types say is not written as something else."""
    report = Report("r", "p", "", "", "", "", "", *(None,) * 9)  # type: ignore[arg-type] # what is tested
    with pytest.raises(AttributeError):
        writer("report", Report)(report)
    with pytest.raises(AttributeError):
        writer("report", Report)(changed(report, status=Severity))
