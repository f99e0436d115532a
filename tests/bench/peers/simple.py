"""The job without its rules: the last state of a report, some 360 bytes long.

No clocks, no policy, no journal, no shield against duplicates: what one writes first. Needs fastavro alone,
so that it runs in an environment of any peer. The fold of all events is what a peer's output is held against.
"""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from fastavro import parse_schema, schemaless_reader, schemaless_writer

from qosresolve.contracts import schemas

Value = dict[str, Any]

FRAME = 10  # bytes before an event's own: single-object encoding
KEPT = 8  # of the last events' ids

_EVENT = schemas.current("degradation").parsed  # logical types stripped
_STRINGS = (
    "report_id",
    "product_id",
    "customer_id",
    "tier",
    "site",
    "offering",
    "source",
    "description",
    "status",
    "indicator",
    "object_id",
    "severity",
    "value",
    "threshold",
    "unit",
)
_LONGS = ("opened_at", "changed_at", "sequence", "events", "reopened")
_REPORT = parse_schema(
    {
        "type": "record",
        "name": "SimpleReport",
        "fields": [
            *({"name": name, "type": "string"} for name in _STRINGS),
            *({"name": name, "type": "long"} for name in _LONGS),
            {"name": "recent", "type": {"type": "array", "items": "string"}},
        ],
    }
)


def read_event(data: bytes) -> Value:
    """Return an event as a dict."""
    stream = BytesIO(data)
    stream.seek(FRAME)
    event: Value = schemaless_reader(stream, _EVENT, None)  # type: ignore[assignment] # it is a record
    return event


def write_report(report: Value) -> bytes:
    """Return a report's bytes."""
    out = BytesIO()
    schemaless_writer(out, _REPORT, report)
    return out.getvalue()


def read_report(data: bytes) -> Value:
    """Return a report from its bytes."""
    report: Value = schemaless_reader(BytesIO(data), _REPORT, None)  # type: ignore[assignment] # it is a record
    return report


def step(report: Value | None, event: Value) -> Value:
    """Return a product's report after one more event; the one before may be changed in place."""
    if report is None:
        report = _opened(event)
    kind = event["kind"]
    if kind == "abate":
        report["status"] = "cleared"
    elif report["status"] == "cleared":
        report["status"] = "inProgress"
        report["reopened"] += 1
    report["severity"] = event["severity"]
    report["value"] = event["value"]
    report["changed_at"] = event["observed_at"]
    report["sequence"] = event["sequence"]
    report["events"] += 1
    recent = report["recent"]
    recent.append(event["event_id"])
    if len(recent) > KEPT:
        del recent[0]
    return report


def _opened(event: Value) -> Value:
    crossed = f"crossed {event['threshold']} {event['unit']}"
    return {
        "report_id": f"report-{event['product_id']}-{event['sequence']:09}",
        "product_id": event["product_id"],
        "customer_id": event["customer_id"],
        "tier": event["tier"],
        "site": event["site"],
        "offering": event["offering"],
        "source": event["source"],
        "description": f"{event['indicator']} of {event['offering']} at {event['site']} {crossed}",
        "status": "inProgress",
        "indicator": event["indicator"],
        "object_id": event["object_id"],
        "threshold": event["threshold"],
        "unit": event["unit"],
        "opened_at": event["observed_at"],
        "events": 0,
        "reopened": 0,
        "recent": [],
    }


def folded(events: Iterable[bytes]) -> dict[str, Value]:
    """Return each product's last report, as one reads the events in order: what must come of any peer."""
    reports: dict[str, Value] = {}
    for data in events:
        event = read_event(data)
        reports[event["product_id"]] = step(reports.get(event["product_id"]), event)
    return reports
