"""What the gauges need to know of a report, read without the rest of it.

The bytes are read through a schema of these fields alone, so what they are called in old versions does not
matter, and nothing else becomes an object.
"""

from collections import Counter
from functools import cache
from typing import Any, NamedTuple

from fastavro import parse_schema
from fastavro.types import Schema

from qosresolve.contracts import schemas
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import OPEN, Jeopardy

Value = dict[str, Any]
_WANTED = {
    "Report": {"tier", "status", "opened_at", "escalation", "obligations"},
    "Escalation": {"level", "jeopardy", "acknowledged_by"},
    "Obligation": {"kind", "state"},
}


class Glance(NamedTuple):
    """One report at a glance: many are alike.

    `unanswered`: somebody is called for a promise at risk or broken, and nobody took the call. `work` is
    ((kind, state), number) of what was asked of others, in order.
    """

    tier: str
    status: str
    jeopardy: str
    unanswered: bool
    work: tuple[tuple[tuple[str, str], int], ...]

    @property
    def open(self) -> bool:
        """Acknowledged, in progress, pending or held."""
        return self.status in OPEN


def glance_of(report: Report) -> tuple[Glance, int]:
    """Return a report at a glance, and when it was opened, ms since the epoch."""
    call = report.escalation
    work = Counter([(item.kind.value, item.state.value) for item in report.obligations])
    unanswered = _unanswered(call.level, call.jeopardy, call.acknowledged_by)
    asked = tuple(sorted(work.items()))
    return Glance(report.tier, report.status.value, call.jeopardy.value, unanswered, asked), report.opened_at


def read(value: Value) -> tuple[Glance, int]:
    """Return the same of what was read through `schema`."""
    call = value["escalation"]
    work = Counter([(item["kind"], item["state"]) for item in value["obligations"]])
    unanswered = _unanswered(call["level"], call["jeopardy"], call["acknowledged_by"])
    asked = tuple(sorted(work.items()))
    return Glance(value["tier"], value["status"], call["jeopardy"], unanswered, asked), value["opened_at"]


def _unanswered(level: int, jeopardy: str, acknowledged_by: str) -> bool:
    return level > 0 and jeopardy != Jeopardy.NONE and not acknowledged_by


@cache
def schema() -> Schema:
    """Return the schema of a report with these fields alone, parsed."""
    return parse_schema(_only(schemas.current("report").parsed))


def _only(node: Any) -> Any:  # noqa: ANN401 - a schema is any JSON
    if isinstance(node, list):
        return [_only(branch) for branch in node]
    if not isinstance(node, dict):
        return node
    if node["type"] == "array":
        return {"type": "array", "items": _only(node["items"])}
    if node["type"] == "record":
        wanted = _WANTED.get(node["name"].rpartition(".")[2])
        kept = [field for field in node["fields"] if wanted is None or field["name"] in wanted]
        return {
            "type": "record",
            "name": node["name"],
            "fields": [field | {"type": _only(field["type"])} for field in kept],
        }
    return node
