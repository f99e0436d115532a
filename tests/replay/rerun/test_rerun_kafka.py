"""Replay end to end: a real broker, real workers and a timer, and the topics alone afterwards."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import TopicPartition
from typer.testing import CliRunner, Result

from qosresolve.cli.main import app
from qosresolve.contracts.policy import file as policy_file
from qosresolve.core.facts import ReportOpened, TargetBreached
from qosresolve.core.step import step
from qosresolve.core.vocabulary import Outcome, Severity, Verb
from qosresolve.kafka import clients
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.reading import read_all
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.replay.rerun import stepping
from qosresolve.replay.rerun.differences import EntryDifference
from qosresolve.replay.rerun.part import Task, read, replay
from qosresolve.replay.rerun.question import Question
from qosresolve.replay.verify import verify
from qosresolve.topics import DEGRADATION, INPUTS, JOURNAL, POLICY, Names
from tests.kafka.harness import DEMO_POLICY, PARTITIONS, RECORDS, World, await_that, degradation, settings_for
from tests.replay.rerun.by_hand import account, differing, stepped

if TYPE_CHECKING:
    from qosresolve.core.facts import Entry, Fact

pytestmark = pytest.mark.kafka

PRODUCTS = [f"P{number}" for number in range(12)]
TIERS = ("gold", "silver", "bronze")
DEMO = Path(DEMO_POLICY.removeprefix("policy_file="))


@pytest.fixture(scope="module")
def world(kafka_bootstrap: str) -> World:
    """What a worker that was restarted, and a timer, made of some products under the demo's quick policy."""
    world = World(settings_for(kafka_bootstrap, f"replay{secrets.token_hex(3)}.", DEMO_POLICY))
    with world.running(Timer):
        with world.running(Worker, DEMO_POLICY):
            for at, product in enumerate(PRODUCTS):
                severity = Severity.CRITICAL if at % 2 else Severity.MAJOR
                world.degrade(product, severity=severity, tier=TIERS[at % 3], customer_id=f"C{at % 2}")
            world.send(DEGRADATION, PRODUCTS[0], b"\x00\x01 no record")
            elsewhere = (partition_of(PRODUCTS[1], PARTITIONS) + 1) % PARTITIONS
            stray = RECORDS.write_input(degradation(PRODUCTS[1], 7, indicator="jitter", tier="silver"))[1]
            world.send(DEGRADATION, PRODUCTS[1], stray, elsewhere)
            world.flush()
            world.await_entries(len(PRODUCTS) + 3)
        with world.running(Worker, DEMO_POLICY):
            for product in PRODUCTS[:4]:
                world.command(product, Verb.ACKNOWLEDGE)
                world.command(product, Verb.CLEAR, role="nobody")
            for product in PRODUCTS[:6]:
                world.abate(product)
            world.flush()
            await_that(lambda: _breached(world) >= 3, "three breaches", 120)
    return world


def _breached(world: World) -> int:
    return sum(isinstance(fact, TargetBreached) for entry in world.journal() for fact in entry.facts)


def run(world: World, *words: str) -> Result:
    """Run `replay`."""
    values = {"bootstrap_servers": world.settings.bootstrap_servers, "prefix": world.settings.prefix}
    sets = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    return CliRunner().invoke(app, ["replay", *words, *sets], prog_name="qosresolve")


def told(world: World, *words: str, status: int) -> list[dict[str, Any]]:
    """Run it for a program."""
    result = run(world, *words, "--json")
    assert result.exit_code == status, result.output
    return [json.loads(text) for text in result.stdout.splitlines()]


def test_what_was_recorded_is_decided_again_and_its_shadow_is_equal(world: World) -> None:
    """Restarts, poison, strays, refusals and deadlines: nothing differs, and the shadow journal is equal.

    By value, that is; and the shadow is whole: its reports follow from its journal. It is written once, and
    never where it is read.
    """
    (summary,) = told(world, "--jobs", "2", status=0)
    entries = _journal(world)
    outcomes = {entry.outcome for entry in entries}
    assert {Outcome.DEAD_LETTER, Outcome.FORWARDED, Outcome.REFUSED, Outcome.APPLIED} <= outcomes
    assert (summary["differs"], summary["replayed"], summary["same"]) == (False, len(entries), len(entries))
    shadow = f"{world.settings.prefix}shadow."
    done = run(world, "--into", shadow)
    assert done.exit_code == 0, done.output
    assert "nothing differs" in done.stdout
    aside = World.__new__(World)
    aside.settings, aside.names = world.settings.model_copy(update={"prefix": shadow}), Names(shadow)
    assert _journal(aside) == entries
    assert aside.reports() == world.reports()
    proof = verify(aside.settings, RECORDS)
    assert (proof.equal, proof.unprovable, proof.entries) == (True, (), len(entries))
    assert "already" in run(world, "--into", shadow).stderr
    refused = run(world, "--into", world.settings.prefix)
    assert (refused.exit_code, "nothing is written there" in refused.stderr) == (2, True)


def _journal(world: World) -> list[Entry]:
    return [RECORDS.read_entry(message.value() or b"") for message in world.messages(JOURNAL)]


def test_another_threshold_names_the_reports_that_a_reference_names(world: World, tmp_path: Path) -> None:
    """All inputs in memory, stepped by hand under the other policy: the same reports differ, no others."""
    file = tmp_path / "sooner.yaml"
    text = DEMO.read_text(encoding="utf-8")
    gold = text.index("  gold:")
    file.write_text(text[:gold] + text[gold:].replace("percent: 50", "percent: 15", 1), encoding="utf-8")
    page = tmp_path / "page.html"
    found = told(world, "--policy", str(file), "--tolerance", "4s", "--html", str(page), status=1)
    decisions = [item for item in found if item["finding"] == "decision"]
    named = {item["report_id"] for item in decisions}
    assert named == _by_hand(world, file, 4_000)
    opened = {fact.report_id: fact.tier for entry in _journal(world) for fact in entry.facts if _opens(fact)}  # type: ignore[union-attr]
    gold_reports = {report for report, tier in opened.items() if tier == "gold"}
    new = {
        item["report_id"] for item in decisions if (item["decision"], item["verdict"]) == ("jeopardy", "new")
    }
    assert set() < new <= gold_reports
    assert "Recorded is above" in page.read_text(encoding="utf-8")
    gold_only = told(world, "--policy", str(file), "--tolerance", "4s", "--tier", "gold", status=1)
    assert {item["tier"] for item in gold_only if item["finding"] == "decision"} == {"gold"}


def _opens(fact: Fact) -> bool:
    return isinstance(fact, ReportOpened)


def _by_hand(world: World, file: Path, tolerance: int) -> set[str]:
    """Return the reports that differ, by the core alone: every input of a partition in memory."""
    policy = policy_file.read_canonical(policy_file.compile(policy_file.load(file)))
    messages = [message for topic in INPUTS for message in world.messages(topic)]
    journal = _journal(world)
    found: set[str] = set()
    for number in range(PARTITIONS):
        inputs = {(it.topic() or "", it.offset() or 0): it for it in messages if it.partition() == number}
        mine = [it for it in journal if it.cause.partition == number]
        replayed = list(stepped(mine, inputs, policy))
        found |= differing(account(mine), account(replayed), tolerance, max(it.now for it in mine))
    return found


def test_a_rule_that_was_changed_is_found_from_the_topics(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counter-proof: code that opens silver reports with another priority is told, product by product."""

    def changed(*given: object) -> object:
        done = step(*given)  # type: ignore[arg-type]
        if any(map(_silver, done.entry.facts)):
            facts = tuple(
                replace(fact, priority=1) if _silver(fact) else fact  # type: ignore[arg-type]
                for fact in done.entry.facts
            )
            return replace(done, entry=replace(done.entry, facts=facts))
        return done

    monkeypatch.setattr(stepping, "step", changed)
    silver = {fact.product_id for entry in _journal(world) for fact in entry.facts if _silver(fact)}  # type: ignore[union-attr]
    found = set()
    policy = world.names.of(POLICY), 0
    policies = tuple(message.value() or b"" for message in read_all(world.settings, [policy]))
    for number in range(PARTITIONS):
        task = Task(world.settings, Question(), number, PARTITIONS, tmp_path, 100, policies)
        replay(task, lambda *_: None)
        for text in task.file.read_text(encoding="utf-8").splitlines():
            finding = read(text)
            if isinstance(finding, EntryDifference):
                found.add(finding.product_id)
                assert (finding.path, finding.replayed) == ("facts[0].priority", "1")
    assert found == silver != set()


def _silver(fact: Fact) -> bool:
    return isinstance(fact, ReportOpened) and fact.tier == "silver"


def test_one_report_and_one_range(world: World) -> None:
    """A report by the beginning of its id, its product alone; an input's place bounds a range."""
    report = world.reports()[PRODUCTS[2]]
    (summary,) = told(world, "--report", report.report_id[:8], status=0)
    mine = [entry for entry in _journal(world) if entry.product_id == PRODUCTS[2]]
    assert summary["replayed"] == len(mine) + PARTITIONS  # and what controls: each partition's first policy
    first = mine[1].cause
    place = f"{first.topic}/{first.partition}/{first.offset}"
    (summary,) = told(world, "--from", place, "--product", PRODUCTS[2], status=0)
    assert (summary["partitions"], summary["replayed"]) == (1, len(mine) - 1)
    assert run(world, "--to", "qos.nothing/0/1").exit_code == 2
    assert "no input lies in the range" in run(world, "--from", "2030-01-01T00:00:00Z").stderr


def test_what_is_past_retention_is_unprovable_or_left_out(kafka_bootstrap: str, prefix: str) -> None:
    """Asked for, products whose inputs are gone are unprovable; unasked, the range is what is left."""
    world = World(settings_for(kafka_bootstrap, prefix))
    product = PRODUCTS[0]
    with world.running(Worker):
        for sequence in (1, 2, 3):
            world.degrade(product, sequence)
            world.flush()
            world.await_entries(sequence)
    number = partition_of(product, PARTITIONS)
    place = TopicPartition(world.names.of(DEGRADATION), number, 2)
    admin = clients.admin(world.settings)
    for future in admin.delete_records([place]).values():
        future.result()
    *_, summary = told(world, status=0)
    assert (summary["unprovable"], summary["replayed"]) == (0, PARTITIONS)  # three first policies
    lost, summary = told(world, "--from", "2020-01-01T00:00:00Z", status=0)
    assert (lost["finding"], lost["product_id"]) == ("unprovable", product)
    assert (summary["unprovable"], summary["replayed"]) == (1, PARTITIONS)  # the first policies
