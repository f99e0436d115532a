"""schemas.md: the records with their fields; types.md: the types that they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qosresolve.contracts import schemas
from qosresolve.topics import BY_RECORD, DEAD_LETTERS
from tests.docs import avro
from tests.docs.markdown import code, table
from tests.docs.markdown import page as whole
from tests.docs.reference.fields import fields
from tests.docs.reference.headings import link

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRO = """\
Avro, one record a file in `schemas/`. A field with a default may be missing in what an older writer
wrote; *instant* is `timestamp-millis`, milliseconds since the epoch, UTC. The last column says what TM
Forum's APIs call it. Types that several records share are in [types.md](types.md), the journal's facts in
[facts.md](facts.md).

Each record whole, as a registry and other programs take it, is in `docs/schemas/`; every version that was
ever written, in `schemas/history/`."""
_TYPES_INTRO = """\
What several records of [schemas.md](schemas.md) and facts of [facts.md](facts.md) share."""
_OUT = {
    "trouble-request": ("tmf.md", "Service trouble request"),
    "supplier-request": ("tmf.md", "Engagement of a supplier"),
    "activity-request": ("tmf.md", "Activity"),
    "escalation": ("tmf.md", "Escalation"),
    "report-event": ("tmf.md", "Journal entry"),
    "trouble-status": ("tmf.md", "The external identifier"),
    "supplier-status": ("tmf.md", "The external identifier"),
    "activity-status": ("tmf.md", "The external identifier"),
    "degradation": ("intake.md", "What becomes of a record"),
    "parked": ("intake.md", "Parked"),
}


def page() -> str:
    """Return the page of records."""
    return whole(
        "Schemas",
        "schemas/",
        _INTRO,
        table(
            ["Record", "Topic", "Whole"],
            (
                [f"[{name}](#{name})", _topic(name), f"[{name}.avsc](../schemas/{name}.avsc)"]
                for name in schemas.records()
            ),
        ),
        *(block for record in schemas.records() for block in _record(record)),
    )


def types() -> str:
    """Return the page of shared types."""
    return whole(
        "Types",
        "schemas/types/",
        _TYPES_INTRO,
        *(block for schema in avro.shared("types").values() for block in _type(schema)),
    )


def _topic(record: str) -> str:
    if record == DEAD_LETTERS.record:
        return "none of its own: a fact of the journal"
    topic = BY_RECORD.get(record)
    return f"[`{topic.name}`](topics.md#{topic.name.replace('.', '')})" if topic else "in others"


def _record(record: str) -> Iterator[str]:
    schema = avro.own(record)
    yield f"## {record}"
    yield f"`{schema['namespace']}.{schema['name']}`. {schema['doc']}"
    if record in _OUT:
        yield f"In the words of others: {link(*_OUT[record])}."
    yield fields(schema["fields"])


def _type(schema: avro.Schema) -> Iterator[str]:
    yield f"## {schema['name']}"
    yield schema["doc"]
    if schema["type"] == "enum":
        symbols = ", ".join(map(code, schema["symbols"]))
        yield f"One of {symbols}. A reader that does not know a newer one reads {code(schema['default'])}."
    else:
        yield fields(schema["fields"])
