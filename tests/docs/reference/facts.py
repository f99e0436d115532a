"""facts.md: every fact with its fields, what it says in TM Forum's names, and the event that tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from qosresolve.contracts import headers as head
from qosresolve.contracts.tmf import attributes
from qosresolve.core import facts as f
from qosresolve.topics import DEAD_LETTERS
from tests.docs import avro
from tests.docs.markdown import page as whole
from tests.docs.reference.fields import fields
from tests.docs.reference.headings import link

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS: dict[str, tuple[type[Any], ...]] = {
    "Of a report": get_args(f.ReportFact),
    "Of a product without a report": get_args(f.WatchFact),
    "Of an alarm": (f.AlarmSettled,),
    "Of a partition": get_args(f.ShellFact),
}


def page() -> str:
    """Return the page."""
    return whole(
        "Facts",
        "core/facts/, contracts/headers.py and contracts/tmf/attributes.py of qosresolve/, schemas/facts/",
        "What happened, in the past tense. The journal has them in entries, one for each input "
        "([report-event](schemas.md#report-event)); the fold of a product's facts is its report. An entry's "
        "event type (`ce_type`) is told by its facts: where they tell several, by the first of "
        + ", ".join(f"`{event}`" for event in head._ORDER)
        + f". Names of TM Forum: {link('tmf.md', 'Journal entry')}.",
        *(block for title, kinds in GROUPS.items() for block in _group(title, kinds)),
    )


def _group(title: str, kinds: tuple[type[Any], ...]) -> Iterator[str]:
    yield f"## {title}"
    for kind in sorted(kinds, key=lambda kind: kind.__name__):
        yield from _fact(kind)


def _fact(kind: type[Any]) -> Iterator[str]:
    schema = schema_of(kind)
    yield f"### {kind.__name__}"
    yield " ".join([schema["doc"], *_told(kind)])
    yield fields(schema["fields"])


def _told(kind: type[Any]) -> Iterator[str]:
    if kind in head._EVENTS:
        yield f"Event: `{head._EVENTS[kind]}`."
    if kind in attributes.TABLE:
        yield f"In TM Forum's names: {attributes.TABLE[kind].names}."


def schema_of(kind: type[Any]) -> avro.Schema:
    """Return the Avro schema of a fact."""
    if kind is f.DeadLettered:
        return avro.own(DEAD_LETTERS.record)
    return next(schema for schema in avro.shared("facts").values() if schema["name"] == kind.__name__)
