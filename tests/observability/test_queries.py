"""Alerts, dashboard and runbooks speak of metrics that the code has, and somebody speaks of each."""

import re

import pytest

from qosresolve.telemetry.catalogue import catalogue
from tests.observability import queries
from tests.observability.dashboard.building import PAGE, text
from tests.observability.promql import looked_at, names, operands, sides
from tests.observability.rules import ROOT, Alert, alerts

METRICS = catalogue()
SERIES = {series for metric in METRICS for series in metric.series}
PROCESS = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"}
FOLDERS = (ROOT / "docs", ROOT / "docs" / "runbooks")  # not the reference: that is made of the metrics
WRITTEN = "".join(page.read_text(encoding="utf-8") for at in FOLDERS for page in at.glob("*.md"))
HERE = "https://runbooks.example.com/"
SEVERITIES = {"critical", "warning", "info"}
# What it was called, or a part of a name that stands for several.
_SPOKEN = re.compile(r"qosresolve_[a-z_]+[a-z](?![a-z_.]*\.\.\.)")


def test_every_query_asks_for_what_the_code_has() -> None:
    """A metric that was renamed is renamed in alerts and dashboard."""
    asked = {name for expr in (*queries.of_alerts(), *queries.of_dashboard()) for name in names(expr)}
    assert asked - SERIES - PROCESS == set()


def test_every_metric_is_well_named() -> None:
    """It has a help of a few words and more, a unit in its name, and one role."""
    assert [metric.name for metric in METRICS if len(metric.help) < 12] == []
    assert [metric.name for metric in METRICS if not metric.unit] == []
    every = [metric.name for metric in METRICS]
    assert len(every) == len(set(every))


def test_every_metric_is_looked_at() -> None:
    """Each is in the dashboard, in an alert, or on a page of the documents."""
    asked = {name for expr in (*queries.of_alerts(), *queries.of_dashboard()) for name in names(expr)}
    written = set(re.findall(r"qosresolve_[a-z_]+", WRITTEN))
    forgotten = [metric.name for metric in METRICS if not ({*metric.series, metric.name} & (asked | written))]
    assert forgotten == []


def test_the_pages_name_what_the_code_has() -> None:
    """No runbook sends somebody to a metric that is gone."""
    known = SERIES | {metric.name for metric in METRICS}
    for page in (ROOT / "docs" / "runbooks").glob("*.md"):
        spoken = set(_SPOKEN.findall(page.read_text(encoding="utf-8")))
        assert spoken <= known, f"{page.name}: {spoken - known}"


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_every_alert_leads_to_its_runbook(alert: Alert) -> None:
    """It says how urgent it is, of what it is, in a sentence what is wrong; and the page is there."""
    assert alert.labels["severity"] in SEVERITIES
    assert alert.labels["component"]
    assert alert.annotations["summary"]
    assert alert.annotations["description"].endswith(".")
    url = alert.annotations["runbook_url"]
    page = ROOT / url.removeprefix(HERE)
    assert url.startswith(f"{HERE}docs/runbooks/")
    assert page.is_file(), url
    assert f"`{alert.name}`" in page.read_text(encoding="utf-8"), f"{page.name} does not name {alert.name}"


def test_every_panel_says_what_it_shows() -> None:
    """It has a title, a description in whole sentences, a unit; its data source is a variable."""
    for panel in queries.panels():
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert {source["uid"] for source in sources} == {"${datasource}"}, panel["title"]


def test_no_panel_lies_on_another() -> None:
    """The grid is 24 wide, and every cell has one panel at most."""
    taken: set[tuple[int, int]] = set()
    for panel in queries.panels():
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert all(x < 24 for x, _ in cells), panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells


def test_promises_come_first() -> None:
    """The first thing that is seen is what is broken, then what is about to break, then how old it is."""
    assert [panel["title"] for panel in queries.panels()[:5]] == [
        "Breached",
        "In jeopardy",
        "Nobody took the call",
        "Oldest open",
        "Open",
    ]


def test_the_dashboard_is_the_one_that_the_code_makes() -> None:
    """`make dashboard` was run after the last change."""
    assert PAGE.read_text(encoding="utf-8") == text()


def test_an_alert_is_taken_apart() -> None:
    """Thresholds go, both sides of a comparison stay; what stands in brackets and strings is left alone."""
    expr = 'sum by (job) (a{x=~"b or c > 1"}) > 0 or (rate(d[5m]) / e != 3 and f < max(g[1d:1m]))'
    assert operands(expr) == [
        'sum by (job) (a{x=~"b or c > 1"}) > 0',
        "rate(d[5m]) / e != 3",
        "f < max(g[1d:1m])",
    ]
    assert sides("f < max(g[1d:1m])") == ["f", "max(g[1d:1m])"]
    assert looked_at("(h or vector(0)) < 2 or absent(k) or count(l offset 1h) > 1") == ["h", "k", "count(l)"]
    assert names('sum(qosresolve_a{x="qosresolve_b"})') == {"qosresolve_a"}
