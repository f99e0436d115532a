"""A report written in parts is the report written whole."""

from hypothesis import given, settings
from hypothesis import strategies as st

from qosresolve.contracts import schemas
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.convert import to_avro
from qosresolve.contracts.incremental import Incremental
from qosresolve.core.record import changed
from qosresolve.core.report import Report
from tests.contracts.strategies import anything

CODEC = SingleObjectCodec()


def whole(report: Report) -> bytes:
    """Return the Avro bytes of a report as fastavro writes them in one piece."""
    return CODEC.encode("report", to_avro(report))


PARTS = Incremental("report", Report)
FRAME = CODEC.frame("report")


@settings(max_examples=40)
@given(st.lists(anything(Report), min_size=1, max_size=3))
def test_parts_are_the_whole(reports: list[Report]) -> None:
    """Whatever was written under the same key before, the bytes are those of this value."""
    for report in (*reports, reports[0]):
        assert PARTS.encode("same", report, FRAME) == whole(report)


@settings(max_examples=10)
@given(anything(Report), anything(Report))
def test_a_change_of_some_fields_is_seen(report: Report, other: Report) -> None:
    """Every field may change alone: none is taken from the bytes of last time by mistake."""
    for field in schemas.fields("report"):
        PARTS.encode("key", report, FRAME)
        one = changed(report, **{field["name"]: getattr(other, field["name"])})
        assert PARTS.encode("key", one, FRAME) == whole(one)


@settings(max_examples=5)
@given(anything(Report))
def test_few_are_remembered(report: Report) -> None:
    """Memory is bounded; what was forgotten is encoded anew."""
    parts = Incremental("report", Report, kept=2)
    for key in "abcab":
        assert parts.encode(key, report, FRAME) == whole(report)
    assert parts.remembered == 2


@settings(max_examples=5)
@given(anything(Report))
def test_a_frame_may_change(report: Report) -> None:
    """A registry's frame is of another length: the parts are found behind it all the same."""
    parts, body = Incremental("report", Report), whole(report).removeprefix(FRAME)
    for frame in (FRAME, b"", FRAME * 2):
        assert parts.encode("key", report, frame) == frame + body
