"""metrics.md: every metric of every role, as it is exported, and which alerts look at it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from qosresolve.telemetry import catalogue
from tests.docs.markdown import code, table
from tests.docs.markdown import page as whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ALERTS = Path(__file__).parents[3] / "deploy" / "prometheus" / "alerts.yaml"
_INTRO = """\
At `/metrics` of the setting `http_port`. Base units; no report, product or customer in a label. A label's
values that are named here are there from the start, at 0. Alerts are in `deploy/prometheus/alerts.yaml`,
each with a [runbook](../runbooks/README.md)."""


def page() -> str:
    """Return the page."""
    return whole(
        "Metrics",
        "qosresolve/telemetry/metrics.py and deploy/prometheus/alerts.yaml",
        _INTRO,
        *(block for kind in catalogue.roles() for block in _section(kind)),
    )


def _section(kind: type[Any]) -> Iterator[str]:
    yield f"## {kind.__name__.removesuffix('Metrics')}"
    yield (kind.__doc__ or "").splitlines()[0]
    rows = (
        [code(it.name), it.kind, _labels(it.labels), it.help, ", ".join(_alerts(it.name))]
        for it in catalogue.metrics_of(kind)
    )
    yield table(["Metric", "Type", "Labels", "What it tells", "Alerts"], rows)


def _labels(labels: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(
        code(name) + (f": {', '.join(values)}" if values else "") for name, values in labels.items()
    )


@cache
def _rules() -> list[dict[str, Any]]:
    tree = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    return [rule for group in tree["groups"] for rule in group["rules"] if "alert" in rule]


def _alerts(name: str) -> Iterator[str]:
    """Yield the alerts whose expression names a metric, each as a link to its runbook."""
    used = re.compile(rf"\b{name}(_bucket|_sum|_count)?\b")
    for rule in _rules():
        if used.search(str(rule["expr"])):
            runbook = re.search(r"docs/(runbooks/[\w-]+\.md)", str(rule.get("annotations", {})))
            yield f"[{rule['alert']}](../{runbook[1]})" if runbook else rule["alert"]
