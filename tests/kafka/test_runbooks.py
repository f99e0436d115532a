"""The runbooks that messages and alerts send an operator to, and the alerts themselves."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from prometheus_client import CollectorRegistry, ProcessCollector

from qosresolve.replay.live.findings import RUNBOOKS as OF_FINDINGS
from qosresolve.replay.live.findings import Kind
from qosresolve.telemetry import metrics

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs" / "runbooks"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
INDEX = "README.md"
NAMED = re.compile(r"docs/runbooks/([a-z-]+\.md)")
LINKED = re.compile(r"\]\(([a-z-]+\.md)\)")
METRIC = re.compile(r"\b(?:qosresolve_\w+|process_\w+|up)\b")
QUOTED = re.compile(r'"[^"]*"')
PARTS = ("## What was seen", "## Why it", "## What to look at", "## How to mend it", "## How to know")
WHY = ("## Why it stops", "## Why it matters")
SEVERITIES = {"critical", "warning", "info"}


def alerts() -> Iterator[dict[str, Any]]:
    """Yield every alerting rule."""
    for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]:
        yield from group["rules"]


def _named() -> set[str]:
    sources = [*(ROOT / "qosresolve").rglob("*.py"), ALERTS]
    named = {name for source in sources for name in NAMED.findall(source.read_text(encoding="utf-8"))}
    return named | {target for name in named for target in LINKED.findall(_text(name))}


def _text(name: str) -> str:
    page = RUNBOOKS / name
    return page.read_text(encoding="utf-8") if page.exists() else ""


def test_every_runbook_that_is_named_is_there_and_every_one_is_named() -> None:
    """Nobody is sent to a page that does not exist, by a message, an alert or their pages; none is left."""
    assert _named() == {page.name for page in RUNBOOKS.glob("*.md")} - {INDEX}


@pytest.mark.parametrize("name", sorted(_named()))
def test_a_runbook_has_its_five_parts(name: str) -> None:
    """What was seen, why, what to look at, how to mend it, how to know: in this order."""
    text = (RUNBOOKS / name).read_text(encoding="utf-8")
    places = [text.find(part) for part in PARTS]
    assert -1 not in places
    assert places == sorted(places)
    assert any(why in text for why in WHY)


@pytest.mark.parametrize("name", sorted(_named()))
def test_a_runbook_links_to_pages_that_exist(name: str) -> None:
    """Links between runbooks are not broken."""
    text = (RUNBOOKS / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (RUNBOOKS / target).exists()


def known_metrics() -> set[str]:
    """Return the names of all series that a process shows, and of what Prometheus adds itself."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    of_a_role: list[Any] = [kind for name, kind in inspect.getmembers(metrics) if name.endswith("Metrics")]
    for kind in of_a_role:
        if kind not in (metrics.ReadingMetrics, metrics.TransactionMetrics):  # parts of the others
            kind(registry)
    names = {"up"}
    for family in registry.collect():
        names |= {family.name, f"{family.name}_total" if family.type == "counter" else family.name}
        names |= {sample.name for sample in family.samples}
        if family.type == "histogram":
            names |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return names


@pytest.mark.parametrize("alert", list(alerts()), ids=lambda alert: str(alert["alert"]))
def test_an_alert_says_what_is_wrong_and_where_to_read_on(alert: dict[str, Any]) -> None:
    """Severity, one line, a description and a page; every metric of the expression is one that is told."""
    assert re.fullmatch(r"Qosresolve[A-Za-z]+", alert["alert"])
    assert alert["labels"]["severity"] in SEVERITIES
    notes = alert["annotations"]
    assert set(notes) == {"summary", "description", "runbook_url"}
    assert len(notes["summary"]) <= 60
    assert len(notes["description"]) > 40
    (page,) = NAMED.findall(notes["runbook_url"])
    assert (RUNBOOKS / page).exists()
    asked = set(METRIC.findall(QUOTED.sub("", alert["expr"])))
    assert asked
    assert asked <= known_metrics()


def test_the_examples_are_of_alerts_and_metrics_that_exist() -> None:
    """What promtool plays is what is there."""
    text = ALERTS.with_name("alerts_test.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"Qosresolve[A-Za-z]+", text)) <= {alert["alert"] for alert in alerts()}
    assert set(re.findall(r"\bqosresolve_[a-z_]+\b", text)) <= known_metrics()


def test_every_metric_that_a_runbook_names_is_told() -> None:
    """A page never asks for a figure that does not exist."""
    known = known_metrics()
    for page in RUNBOOKS.glob("*.md"):
        asked = set(re.findall(r"\bqosresolve_[a-z_]+\b", page.read_text(encoding="utf-8")))
        assert asked <= known, page.name


def test_the_kinds_of_findings_begin_at_zero() -> None:
    """An alert on a counter's increase would miss the first finding of a kind that was not there before."""
    registry = CollectorRegistry()
    metrics.AuditorMetrics(registry)
    for kind in get_args(Kind):
        assert registry.get_sample_value("qosresolve_audit_mismatches_total", {"kind": kind}) == 0.0
        assert kind in OF_FINDINGS
