"""The tables and the example in docs/tmf.md, from the tables in code.

`python -m tests.contracts.tmf.page` writes them between their markers; a test compares.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qosresolve.contracts.tmf import activity, alert, attributes, edge, supplier, trouble
from tests.contracts.tmf.samples import TROUBLE
from tests.support.pages import between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qosresolve.contracts.tmf.fields import Field

PAGE = Path(__file__).parents[3] / "docs" / "tmf.md"
_WHEN = {"": "", "first": "create", "later": "change"}


def fields(table: Sequence[Field[Any]]) -> str:
    """Return a message's fields as a table."""
    rows = [f"| `{field.name}` | {field.source} | {_WHEN[field.when]} |" for field in table]
    return "\n".join(["| Field | From | Only in a |", "|---|---|---|", *rows])


def facts() -> str:
    """Return what facts say in attributes of the report; all are told as facts too."""
    rows = [f"| `{kind.__name__}` | {told.names} |" for kind, told in attributes.TABLE.items()]
    return "\n".join(["| Fact | Attributes of the report |", "|---|---|", *rows])


def example() -> str:
    """Return a service trouble request with its headers, as a neighbour reads it."""
    document = edge.Edge("v5", "operator-1").request(TROUBLE)
    lines = [f"{name}: {value.decode()}" for name, value in document.form()]
    body = json.dumps(document.body, indent=2)
    return "\n".join(["```", *lines, "", body, "```"])


def whole(page: str) -> str:
    """Return the page with its parts as they are now."""
    for name, text in PARTS.items():
        page = between(page, name, text)
    return page


PARTS = {
    "example": example(),
    "trouble": fields(trouble.FIELDS),
    "supplier": fields(supplier.FIELDS),
    "activity": fields(activity.FIELDS),
    "escalation": fields(alert.FIELDS),
    "facts": facts(),
}

if __name__ == "__main__":
    PAGE.write_text(whole(PAGE.read_text("utf-8")), "utf-8")
