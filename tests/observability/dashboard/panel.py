"""What a panel is, before Grafana's words: a question with its queries."""

from dataclasses import dataclass
from enum import Enum

OPEN = 'status=~"acknowledged|inProgress|pending|held"'
JOB = 'job=~"$job"'
TIER = f'{JOB}, tier=~"$tier"'


class Kind(Enum):
    """How a panel looks."""

    STAT = "stat"  # one number, as it is now
    LINES = "lines"  # over time
    STACK = "stack"  # over time, parts of a whole


@dataclass(frozen=True)
class Query:
    """One query; `legend` in Grafana's words, `{{label}}`."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """One panel. `unit` is Grafana's id; from `amber` and from `red` on, a number is told in that colour."""

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: Kind = Kind.LINES
    width: int = 8
    amber: float | None = None
    red: float | None = None
    exemplars: bool = False
    signed: bool = False  # may be below 0


@dataclass(frozen=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


def by(label: str, series: str, window: str = "$__rate_interval") -> str:
    """Return a rate a second, summed by a label."""
    return f"sum by ({label}) (rate({series}[{window}]))"


def quantile(share: float, histogram: str, matching: str = JOB, window: str = "$__rate_interval") -> str:
    """Return a quantile of a histogram over all processes."""
    return f"histogram_quantile({share}, sum by (le) (rate({histogram}_bucket{{{matching}}}[{window}])))"
