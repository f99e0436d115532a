"""Every query that is shipped: of the dashboard, as Grafana would send it, and of the alerts."""

import json
from collections.abc import Iterator
from typing import Any

from tests.observability.dashboard.building import PAGE
from tests.observability.promql import looked_at
from tests.observability.rules import alerts

_VARIABLES = {"$__rate_interval": "5m", "$job": ".*", "$tier": ".*"}


def panels() -> list[dict[str, Any]]:
    """Return the panels of the dashboard, without its rows."""
    found: list[dict[str, Any]] = json.loads(PAGE.read_text(encoding="utf-8"))["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def raw() -> Iterator[tuple[str, str]]:
    """Yield panel and query as they are written."""
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def of_dashboard() -> list[str]:
    """Return the dashboard's queries with all jobs and tiers chosen."""
    return [_chosen(expr) for _, expr in raw()]


def _chosen(expr: str) -> str:
    for name, value in _VARIABLES.items():
        expr = expr.replace(name, value)
    return expr


def of_alerts() -> list[str]:
    """Return what the alerts look at, without thresholds."""
    return [side for alert in alerts() for side in looked_at(alert.expr)]
