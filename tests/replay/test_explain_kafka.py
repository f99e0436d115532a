"""`reports explain` end to end: a real broker, a real worker, and the topics alone afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from qosresolve.cli.main import app
from qosresolve.core.facts import ReportOpened, TargetSet
from qosresolve.core.vocabulary import Severity, Verb
from qosresolve.kafka.worker import Worker
from qosresolve.topics import JOURNAL
from tests.kafka.harness import RECORDS, World, settings_for

if TYPE_CHECKING:
    from qosresolve.core.facts import Entry, Fact

pytestmark = pytest.mark.kafka


@pytest.fixture
def world(kafka_bootstrap: str, prefix: str) -> World:
    """The topics of one test, after a worker has taken what was sent."""
    world = World(settings_for(kafka_bootstrap, prefix))
    with world.running(Worker):
        world.degrade("P1", severity=Severity.MAJOR)
        world.flush()
        world.await_entries(1)
        world.degrade("P1", 2, severity=Severity.CRITICAL)
        world.command("P1", Verb.ACKNOWLEDGE)
        world.command("P1", Verb.CLOSE)
        world.degrade("P3", severity=Severity.INDETERMINATE, indicator="jitter")
        world.flush()
        world.await_entries(5)
    return world


def run(world: World, *words: str) -> Result:
    """Run `reports explain`."""
    values = {"bootstrap_servers": world.settings.bootstrap_servers, "prefix": world.settings.prefix}
    sets = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    return CliRunner().invoke(app, ["reports", "explain", *words, *sets], prog_name="qosresolve")


def told(world: World, *words: str, status: int = 0) -> dict[str, Any]:
    """Run it for a program."""
    result = run(world, *words, "--json")
    assert result.exit_code == status, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def forged(entry: Entry) -> Entry:
    """Return the opening of another product, due a minute later than it should be."""

    def wrong(fact: Fact) -> Fact:
        if isinstance(fact, ReportOpened):
            return replace(fact, product_id="P2")
        if isinstance(fact, TargetSet) and fact.due_at is not None:
            return replace(fact, due_at=fact.due_at + 60_000)
        return fact

    return replace(entry, product_id="P2", facts=tuple(wrong(fact) for fact in entry.facts))


def test_a_report_is_explained_from_the_topics_alone(world: World) -> None:
    """By report, by its beginning, by product; everything adds up, and what was refused is told."""
    report = world.reports()["P1"].report_id
    found = told(world, report)
    assert (found["adds_up"], found["product_id"], found["report_id"]) == (True, "P1", report)
    restore = next(clock for clock in found["clocks"] if clock["clock"] == "restore")
    assert [version["reason"] for version in restore["versions"]] == ["opened", "severity"]
    assert restore["target"] == 12 * 3_600_000
    assert any("RoleNotAllowed" in item["text"] for item in found["inputs"])
    assert told(world, report[:8])["report_id"] == told(world, "P1")["report_id"] == report
    assert "clocks" not in told(world, report, "--product", "P1", "--about", "work")
    text = run(world, "P1")
    assert text.exit_code == 0
    assert "adds up:" in text.stdout
    assert "12 h of 12 h by" in text.stdout
    earlier = run(world, report, "--at", "2026-01-01T00:00:00Z")
    assert (earlier.exit_code, "unprovable" in earlier.stderr) == (2, True)


def test_a_product_without_a_report_is_explained(world: World) -> None:
    """What opened nothing has its rule; nobody's name says where to look."""
    found = told(world, "--product", "P3", "--about", "silence")
    assert found["report_id"] == ""
    assert any("BelowSeverity" in item["text"] for item in found["inputs"])
    missing = run(world, "nobody")
    assert missing.exit_code == 2
    assert "reports list" in missing.stderr


def test_a_journal_that_does_not_add_up_is_told(world: World) -> None:
    """A due time that the policy does not give: exit status 1, with the right one."""
    opening = next(entry for entry in world.journal() if entry.product_id == "P1")
    world.send(JOURNAL, "P2", RECORDS.write_entry(forged(opening)))
    world.flush()
    found = told(world, world.reports()["P1"].report_id, "--product", "P2", status=1)
    assert any("1 min beyond" in problem for problem in found["problems"])
    text = run(world, world.reports()["P1"].report_id, "--product", "P2", "--about", "deadline")
    assert (text.exit_code, "DOES NOT ADD UP" in text.stdout) == (1, True)
