"""metrics.md: every metric of every role, as it is exported, and which alerts look at it."""

from __future__ import annotations

import inspect
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from prometheus_client import CollectorRegistry

from qosresolve.telemetry import metrics
from tests.docs.markdown import code, table
from tests.docs.markdown import page as whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric

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
        *(block for kind in roles() for block in _section(kind)),
    )


def roles() -> list[type[Any]]:
    """Return the classes that hold the metrics of one role: they need nothing but a registry."""
    found = [kind for _, kind in inspect.getmembers(metrics, inspect.isclass)]
    ours = [kind for kind in found if kind.__module__ == metrics.__name__]
    ours = [kind for kind in ours if list(inspect.signature(kind).parameters) == ["registry"]]
    return sorted(ours, key=lambda kind: inspect.getsourcelines(kind)[1])


def exported(kind: type[Any]) -> Iterator[tuple[str, Metric, dict[str, list[str]]]]:
    """Yield the metrics of a class: name as exported, family, and labels with values known from the start."""
    registry = CollectorRegistry()
    kind(registry)
    for collector in registry._collector_to_names:
        for family in collector.collect():
            name = family.name + ("_total" if family.type == "counter" else "")
            yield name, family, _known(collector)


def _known(collector: Any) -> dict[str, list[str]]:  # noqa: ANN401 - nothing public tells labels without a series
    names = getattr(collector, "_labelnames", ())
    series = list(getattr(collector, "_metrics", ()))
    return {name: list(dict.fromkeys(values[at] for values in series)) for at, name in enumerate(names)}


def _section(kind: type[Any]) -> Iterator[str]:
    yield f"## {kind.__name__.removesuffix('Metrics')}"
    yield (kind.__doc__ or "").splitlines()[0]
    rows = (
        [code(name), family.type, _labels(labels), family.documentation, ", ".join(_alerts(name))]
        for name, family, labels in exported(kind)
    )
    yield table(["Metric", "Type", "Labels", "What it tells", "Alerts"], rows)


def _labels(labels: dict[str, list[str]]) -> str:
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
