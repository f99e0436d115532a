"""Maintenance windows on a real broker: ordered by hand, obeyed by a worker, ended by the timer."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.topics import COMMAND
from tests.cli.conftest import Run
from tests.kafka.checks import check_all
from tests.kafka.harness import PARTITIONS, World, await_that, settings_for, wall_ms

Tool = Callable[..., tuple[int, Any]]
LONG = 8_000  # ms that the window lasts from when it is entered


@pytest.fixture
def world(kafka_bootstrap: str, prefix: str) -> World:
    """The topics of one test."""
    return World(settings_for(kafka_bootstrap, prefix))


@pytest.fixture
def tool(cli: Run, world: World) -> Tool:
    """Run a command of `windows`; return its exit status and what it told."""
    values = {"bootstrap_servers": world.settings.bootstrap_servers, "prefix": world.settings.prefix}
    sets = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]

    def run(*words: str) -> tuple[int, Any]:
        result = cli("windows", *words, "--json", *sets)
        begins = result.stdout.find("{\n")  # the worker logs beside
        return result.exit_code, json.JSONDecoder().raw_decode(result.stdout[begins:])[
            0
        ] if begins >= 0 else {}

    return run


def instant(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000, UTC).isoformat()


def test_what_is_bad_in_a_window_opens_when_it_ends(tool: Tool, world: World) -> None:
    """Inside nothing opens; at the end, by the timer alone, what is still bad opens with its true start."""
    with world.running(Worker), world.running(Timer):
        world.degrade("P2")
        opened = world.await_report("P2", bool, "opened before")
        ends = wall_ms() + LONG
        entered = ("set", "CHG-1", "--product", "P1", "--from", instant(wall_ms()), "--to", instant(ends))
        status, told = tool(*entered, "--dry-run")
        assert (status, told["count"], told["open_reports"], told["in_scope"]) == (0, 1, 1, [])
        assert not world.messages(COMMAND)

        status, told = tool(*entered, "--reason", "CHG-1", "--wait", "--timeout", "40")
        assert status == 0
        assert [told["outcomes"][str(number)]["outcome"] for number in range(PARTITIONS)] == ["control"] * 4
        status, told = tool("list")
        (listed,) = told["windows"]
        assert (listed["window_id"], listed["product_id"], listed["partitions"]) == (
            "CHG-1",
            "P1",
            [0, 1, 2, 3],
        )
        assert listed["next"]["ends_at"] == ends

        began = wall_ms()
        world.degrade("P1", observed_at=began)
        world.degrade("P3")
        world.await_report("P3", bool, "opened outside of the scope")
        await_that(lambda: "DegradationAwaited" in world.facts("P1"), "word that it waits")
        assert "P1" not in world.reports(), "nothing opens inside"

        report = world.await_report("P1", bool, "opened after the window")
    assert report.opened_at >= ends
    (row,) = report.indicators
    assert (row.started_at, row.observed_from) in ((began, None), (ends, began))
    assert report.restore.started_at == ends, "its clock counts from the end of the window"
    assert world.reports()["P2"] == opened, "what is not in scope is left alone"
    check_all(world)


def test_a_lifted_window_holds_no_more(tool: Tool, world: World) -> None:
    """Lifting is an order like setting; what no partition knows cannot be lifted."""
    with world.running(Worker):
        world.degrade("P1")
        world.await_report("P1", bool, "opened")
        hours = ("--from", instant(wall_ms()), "--to", instant(wall_ms() + 3_600_000))
        status, _ = tool("set", "CHG-1", *hours, "--wait", "--timeout", "40")
        assert status == 0
        assert tool("lift", "CHG-2")[0] == 2
        status, told = tool("lift", "CHG-1", "--dry-run")
        assert (status, told["known_in"]) == (0, [0, 1, 2, 3])
        status, told = tool("lift", "CHG-1", "--role", "visitor", "--wait", "--timeout", "40")
        assert status == 1
        assert {item["rule"] for item in told["outcomes"].values()} == {"RoleNotAllowed"}
        status, _ = tool("lift", "CHG-1", "--reason", "done early", "--wait", "--timeout", "40")
        assert status == 0
        world.degrade("P2")
        world.await_report("P2", bool, "opened, with no window left")
    assert tool("list") == (0, {"windows": [], "partitions": [0, 1, 2, 3], "without_state": []})


def test_without_a_worker_nobody_decides(tool: Tool, world: World) -> None:
    """It is ordered in every partition, and waiting ends in time."""
    hours = ("--from", instant(wall_ms()), "--to", instant(wall_ms() + 3_600_000))
    status, told = tool("set", "CHG-1", *hours, "--wait", "--timeout", "0.3")
    assert (status, told["outcomes"]) == (75, {})
    assert sorted(message.partition() or 0 for message in world.messages(COMMAND)) == [0, 1, 2, 3]
    assert tool("list") == (0, {"windows": [], "partitions": [], "without_state": [0, 1, 2, 3]})
