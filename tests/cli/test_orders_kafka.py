"""Orders on a real broker, with a real worker that decides."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qosresolve.core.vocabulary import Status
from qosresolve.kafka.worker import Worker
from qosresolve.topics import COMMAND
from tests.cli.conftest import Run
from tests.kafka.harness import World, settings_for

Tool = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def world(kafka_bootstrap: str, prefix: str) -> World:
    """The topics of one test."""
    return World(settings_for(kafka_bootstrap, prefix))


@pytest.fixture
def worker(world: World) -> Iterator[None]:
    """A worker that runs for the length of the test."""
    with world.running(Worker):
        yield


@pytest.fixture
def tool(cli: Run, world: World) -> Tool:
    """Run an order; return its exit status and what it told."""
    values = {"bootstrap_servers": world.settings.bootstrap_servers, "prefix": world.settings.prefix}
    sets = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]

    def run(*words: str) -> tuple[int, list[dict[str, Any]]]:
        result = cli("reports", *words, "--json", *sets)
        told = [row for row in result.stdout.splitlines() if row.startswith("{")]  # the worker logs beside
        return result.exit_code, [json.loads(row) for row in told]

    return run


def raised(tool: Tool, product: str) -> str:
    """Open a gold report by word; return its id."""
    what = ("--indicator", "latency", "--object", f"svc-{product}", "--severity", "critical")
    status, (told,) = tool("open", product, *what, "--tier", "gold", "--timeout", "40")
    assert (status, told["outcome"]) == (0, "applied")
    return str(told["report_id"])


@pytest.mark.usefixtures("worker")
def test_a_report_is_ordered_from_its_opening_on(tool: Tool, world: World) -> None:
    """Each order tells what became of it; a rehearsal tells the same and sends nothing."""
    report = raised(tool, "P1")
    status, (told,) = tool("acknowledge", report[:8])
    assert (status, told["outcome"], told["report_id"]) == (0, "applied", report)
    assert "StatusChanged" in told["facts"]
    status, (told,) = tool("acknowledge", "P1")
    assert (status, told["outcome"], told["rule"]) == (1, "noOp", "NothingChanges")
    status, (told,) = tool("hold", "P1", "--reason", "customerRequest")
    assert (status, told["outcome"]) == (0, "applied")
    assert world.reports()["P1"].status is Status.HELD

    before = len(world.messages(COMMAND))
    cancel = ("cancel", "P1", "--reason", "falseAlarm")
    status, (told,) = tool(*cancel, "--role", "service-manager", "--dry-run")
    assert (status, told["would"], told["outcome"]) == (0, True, "applied")
    assert "SuppressionSet" in told["facts"]
    assert any("ActivityRequest: cancel" in item for item in told["requests"])
    assert len(world.messages(COMMAND)) == before
    assert world.reports()["P1"].status is Status.HELD

    for more in (("--dry-run",), ()):
        status, (told,) = tool(*cancel, "--role", "operator", *more)
        assert (status, told["outcome"], told["rule"]) == (1, "refused", "RoleNotAllowed")


@pytest.mark.usefixtures("worker")
def test_many_reports_are_ordered_by_what_they_are(tool: Tool, world: World) -> None:
    """Over several partitions; unasked, or above the cap, nothing is sent."""
    products = [f"P{number}" for number in range(6)]
    for product in products:
        raised(tool, product)
    assign = ("assign", "--tier", "gold", "--to", "night-desk")
    assert tool(*assign) == (2, [])
    assert tool(*assign, "--yes", "--max", "5") == (2, [])
    assert {report.assignee for report in world.reports().values()} == {"assurance-desk"}
    status, told = tool(*assign, "--yes")
    assert (status, {item["outcome"] for item in told}) == (0, {"applied"})
    assert {item["product_id"] for item in told} == set(products)
    assert {report.assignee for report in world.reports().values()} == {"night-desk"}
    status, told = tool("patch", "P0", "--field", "priority=1", "--field", "work_around=true")
    assert (status, [item["outcome"] for item in told]) == (0, ["applied", "applied"])


def test_without_a_worker_it_could_not(tool: Tool) -> None:
    """The command is sent and nobody decides: neither applied nor refused; and nobody can rehearse."""
    what = ("open", "P1", "--indicator", "latency", "--object", "svc-1", "--severity", "major")
    status, (told,) = tool(*what, "--timeout", "0.5")
    assert (status, told["outcome"]) == (2, None)
    assert tool(*what, "--dry-run") == (2, [])
