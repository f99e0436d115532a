"""A Prometheus of a test's own: fetched by the Makefile, listening on this machine only."""

from __future__ import annotations

import json
import math
import subprocess
import urllib.parse
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import yaml

from tests.kafka.harness import await_that
from tests.support.kafka_server import free_port
from tests.support.tools import tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


class Prometheus:
    """Where it answers."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"

    def ready(self) -> bool:
        """Tell whether it answers."""
        try:
            with urllib.request.urlopen(f"{self._base}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def query(self, expr: str) -> list[float]:
        """Return the values that an expression has now; those that are no numbers are none."""
        found = self._get("query", query=expr)["result"]
        pairs = [found] if found and not isinstance(found[0], dict) else [row["value"] for row in found]
        values = [float(value) for _, value in pairs]
        return [value for value in values if not math.isnan(value)]

    def empty(self, expressions: Iterable[str]) -> list[str]:
        """Return the expressions that have no value at all."""
        return [expr for expr in expressions if not self.query(expr)]

    def exemplars(self, series: str) -> list[dict[str, str]]:
        """Return the labels of the exemplars of a series."""
        found = self._get("query_exemplars", query=series, start="0", end="9999999999")
        return [each["labels"] for row in found for each in row["exemplars"]]

    def _get(self, what: str, **given: str) -> Any:  # noqa: ANN401 - as JSON has it
        url = f"{self._base}/api/v1/{what}?{urllib.parse.urlencode(given)}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)["data"]


@contextmanager
def running(folder: Path, targets: Mapping[str, int]) -> Iterator[Prometheus]:
    """Scrape some ports every second, each under the job that it is named by, for the length of a block."""
    config = folder / "prometheus.yaml"
    jobs = [
        {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        for job, port in targets.items()
    ]
    config.write_text(yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))
    port = free_port()
    command = [
        str(tool("prometheus/usr/bin/prometheus")),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage",
        "--log.level=warn",
    ]
    process = subprocess.Popen(command)
    try:
        found = Prometheus(port)
        await_that(found.ready, "Prometheus that answers", 60)
        yield found
    finally:
        process.terminate()
        process.wait(30)
