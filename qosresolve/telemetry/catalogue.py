"""Every metric that a role has, as data: for the documents, and for the tests of rules and dashboard.

Nothing is listed here: the classes of `metrics` are made, and asked.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

from qosresolve.telemetry import metrics

# What a name ends with says in which unit it is; other names end with what they count.
UNITS = {
    "_per_second": "records per second",
    "_timestamp_seconds": "seconds since the epoch",
    "_seconds": "seconds",
    "_total": "since the start",
}
COUNTED = (
    "records",
    "partitions",
    "relations",
    "reports",
    "engagements",
    "armed",
    "cases",
    "differing",
    "breached",
    "in_jeopardy",
    "unanswered",
    "uncounted",
    "unprovable",
    "open_without_deadline",
    "waiting",
    "paused",
    "sources_off",
    "slot",
)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: `name` as it is queried, without `_bucket` and the like; `kind` is Prometheus' word.

    `labels` come with the values that are there from the start.
    """

    role: str
    name: str
    kind: str
    labels: Mapping[str, tuple[str, ...]]
    help: str

    @property
    def unit(self) -> str:
        """Return its unit, `count` for how many there are now, empty where the name does not say."""
        found = next((unit for end, unit in UNITS.items() if self.name.endswith(end)), "")
        return found or ("count" if self.name.endswith(COUNTED) else "")

    @property
    def series(self) -> tuple[str, ...]:
        """Return the names that a query may use."""
        if self.kind == "histogram":
            return tuple(f"{self.name}{end}" for end in ("_bucket", "_count", "_sum"))
        return (self.name,)


class _Asked(CollectorRegistry):
    """A registry that remembers what was registered."""

    def __init__(self) -> None:
        super().__init__()
        self.collectors: list[MetricWrapperBase] = []

    def register(self, collector: Collector) -> None:
        if isinstance(collector, MetricWrapperBase):
            self.collectors.append(collector)
        super().register(collector)


def catalogue() -> tuple[Metric, ...]:
    """Return every metric of every role, in the order of the code."""
    return tuple(metric for kind in roles() for metric in metrics_of(kind))


def roles() -> list[type[Any]]:
    """Return the classes that hold the metrics of one role: they need a registry and nothing else."""
    ours = [
        kind
        for _, kind in inspect.getmembers(metrics, inspect.isclass)
        if kind.__module__ == metrics.__name__ and [*inspect.signature(kind).parameters] == ["registry"]
    ]
    return sorted(ours, key=lambda kind: inspect.getsourcelines(kind)[1])


def metrics_of(kind: type[Any]) -> Iterator[Metric]:
    """Yield the metrics of one of these classes."""
    registry = _Asked()
    kind(registry)
    role = kind.__name__.removesuffix("Metrics").lower()
    for collector in registry.collectors:
        told = next(iter(collector.describe()))
        name = f"{told.name}_total" if told.type == "counter" else told.name
        yield Metric(role, name, told.type, _labels(collector), told.documentation)


def _labels(collector: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401 - nothing public tells them without a series
    names, series = collector._labelnames, getattr(collector, "_metrics", ())  # noqa: SLF001
    return {name: tuple(dict.fromkeys(values[at] for values in series)) for at, name in enumerate(names)}
