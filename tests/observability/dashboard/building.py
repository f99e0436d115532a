"""From panels to the JSON that Grafana imports. The same input gives the same bytes."""

from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import BigValueColorMode, LegendDisplayMode, StackingMode
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
)

from tests.observability.dashboard.flow import FLOW, WORKER
from tests.observability.dashboard.notify import NOTIFY
from tests.observability.dashboard.others import AUDITOR, INTAKE, TIMER
from tests.observability.dashboard.panel import Kind, Panel
from tests.observability.dashboard.promises import KEPT, NOW

PAGE = Path(__file__).parents[3] / "deploy" / "grafana" / "dashboards" / "qosresolve.json"
ROWS = (NOW, KEPT, FLOW, WORKER, TIMER, NOTIFY, INTAKE, AUDITOR)
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
HIGH, LOW = 8, 5
JOBS = 'label_values(process_start_time_seconds{job=~"qosresolve.*"}, job)'


def text() -> str:
    """Return the dashboard's JSON."""
    board = (
        dashboard.Dashboard("qosresolve")
        .uid("qosresolve")
        .description("Promises to customers first, then what moves, then the roles.")
        .tags(["qosresolve"])
        .timezone("browser")
        .refresh("30s")
        .time("now-6h", "now")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(_names("job", "Job", JOBS))
        .with_variable(_names("tier", "Tier", "label_values(qosresolve_reports, tier)"))
    )
    number = 0
    for row in ROWS:
        number += 1
        board = board.with_row(dashboard.Row(row.title).id(number))
        for panel in row.panels:
            number += 1
            board = board.with_panel(_panel(panel, number))
    return JSONEncoder(sort_keys=True, indent=2).encode(board.build()) + "\n"


def _names(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _panel(panel: Panel, number: int) -> stat.Panel | timeseries.Panel:
    made = _stat() if panel.kind is Kind.STAT else _lines(panel)
    made = (
        made.id(number)
        .title(panel.title)
        .description(panel.description)
        .datasource(SOURCE)
        .unit(panel.unit)
        .span(panel.width)
        .height(LOW if panel.kind is Kind.STAT else HIGH)
        .thresholds(_thresholds(panel))
    )
    if not panel.signed:
        made = made.min(0)
    for at, query in enumerate(panel.queries):
        target = prometheus.Dataquery().expr(query.expr).ref_id(chr(ord("A") + at)).datasource(SOURCE)
        target = target.legend_format(query.legend or panel.title)
        target = target.instant() if panel.kind is Kind.STAT else target.range().exemplar(panel.exemplars)
        made = made.with_target(target)
    return made


def _stat() -> stat.Panel:
    last = common.ReduceDataOptions().calcs(["lastNotNull"])
    return stat.Panel().color_mode(BigValueColorMode.BACKGROUND).reduce_options(last)


def _lines(panel: Panel) -> timeseries.Panel:
    made = timeseries.Panel().legend(
        common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).show_legend(True)
    )
    if panel.kind is Kind.STACK:
        made = made.fill_opacity(25).stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    return made


def _thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    steps = [Threshold(color="green")]
    if panel.amber is not None:
        steps.append(Threshold(value=panel.amber, color="orange"))
    if panel.red is not None:
        steps.append(Threshold(value=panel.red, color="red"))
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
