"""Reading reports on a real broker, behind a real worker."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet  # type: ignore[import-untyped]
import pytest

from qosresolve.core.vocabulary import Verb
from qosresolve.kafka.worker import Worker
from qosresolve.replay.columns import COLUMNS
from tests.kafka.harness import World, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Run


@pytest.fixture
def world(kafka_bootstrap: str, prefix: str) -> World:
    """The topics of one test."""
    return World(settings_for(kafka_bootstrap, prefix))


def sets(world: World) -> list[str]:
    """Return the options that lead to the test's topics."""
    values = {"bootstrap_servers": world.settings.bootstrap_servers, "prefix": world.settings.prefix}
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


@contextmanager
def following(world: World, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Follow in a process of its own; Ctrl-C ends it well."""
    tool = str(Path(sys.executable).with_name("qosresolve"))
    command = [tool, "reports", "follow", "--json", *words, *sets(world)]
    with subprocess.Popen(  # noqa: S603 - our own tool
        command,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_interruptible,  # noqa: PLW1509 - no lock is taken there
    ) as process:
        try:
            yield process
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            process.kill()


def _interruptible() -> None:
    """Whoever runs the tests in the background has them ignore Ctrl-C, and all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def next_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return the next decision that is told."""
    assert process.stdout is not None
    told: dict[str, Any] = json.loads(process.stdout.readline())
    return told


def test_what_is_followed_listed_exported_and_counted_agrees(world: World, cli: Run, tmp_path: Path) -> None:
    """One cause's reports are told as they change, stand together, and are the same in every format."""

    def told(*words: str) -> Any:  # noqa: ANN401 - JSON
        result = cli("reports", *words, "--json", *sets(world))
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    with world.running(Worker):
        for product, cause in (("P1", "svc-7"), ("P2", "svc-7"), ("P3", "svc-8")):
            world.degrade(product, cause_key=cause)
        world.flush()
        world.await_entries(3)
        with following(world, "--cause", "svc-7", "--since", "1h") as live:
            opened = {next_line(live)["product_id"], next_line(live)["product_id"]}
            world.command("P3", Verb.ACKNOWLEDGE)
            world.command("P1", Verb.ACKNOWLEDGE)
            world.flush()
            taken = next_line(live)
        world.await_entries(5)
    assert opened == {"P1", "P2"}
    assert (taken["product_id"], taken["outcome"]) == ("P1", "applied")
    assert "status acknowledged -> inProgress" in taken["summary"]

    every = told("list")
    of_cause = told("list", "--cause", "svc-7", "--sort", "customer")
    assert {report["product_id"] for report in every} == {"P1", "P2", "P3"}
    assert {report["product_id"] for report in of_cause} == {"P1", "P2"}
    assert len(told("list", "--limit", "1")) == 1
    grouped = cli("reports", "list", "--cause", "svc-7", *sets(world)).stdout
    assert "cause svc-7; 2 reports, 2 open" in grouped

    for name in ("r.csv", "r.json", "r.parquet"):
        assert cli("reports", "export", str(tmp_path / name), *sets(world)).exit_code == 0
    rows = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    read: list[dict[str, Any]] = pyarrow.parquet.read_table(tmp_path / "r.parquet").to_pylist()
    plain = [column.name for column in COLUMNS if column.name in every[0]]
    for report in every:
        one, other, third = (_of(some, report["report_id"]) for some in (rows, cells, read))
        texts = [name for name in plain if isinstance(report[name], str)]
        assert [one[name] or "" for name in texts] == [report[name] for name in texts]
        assert [other[name] for name in texts] == [report[name] for name in texts]
        assert [third[name] or "" for name in texts] == [report[name] for name in texts]
        assert int(third["opened_at"].timestamp() * 1_000) == report["opened_at"]
    again = cli("reports", "export", str(tmp_path / "r.csv"), *sets(world))
    assert (again.exit_code, "--force" in again.stderr) == (2, True)

    figures = told("stats", "--by", "tier", "--from", "1h")
    assert (figures["total"]["reports"], figures["total"]["time_to_acknowledge"]["count"]) == (3, 2)
    assert figures["total"]["time_to_acknowledge_open"]["count"] == 2
    assert told("stats", "--to", "1h")["total"]["reports"] == 0

    shown = told("show", every[0]["report_id"][:8])
    assert shown["reports"][0]["spent"]["restore"]["target"] == every[0]["restore"]["target"]
    assert shown["journal"][0]["facts"][0]["fact"] == "ReportOpened"
    assert shown["journal"] == told("show", every[0]["report_id"], "--from-start")["journal"]


def _of(rows: list[dict[str, Any]], report_id: str) -> dict[str, Any]:
    """Return a report's row."""
    return next(row for row in rows if row["report_id"] == report_id)
