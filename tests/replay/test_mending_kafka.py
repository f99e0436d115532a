"""Damage on a real broker: verify names it, repair and rebuild mend it, each refused where it must be."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import structlog
from confluent_kafka import Message
from typer.testing import CliRunner, Result

from qosresolve.cli.main import app
from qosresolve.core.partition import PartitionState
from qosresolve.core.vocabulary import Verb
from qosresolve.kafka import clients
from qosresolve.kafka.reading import read_all
from qosresolve.kafka.worker import Worker
from qosresolve.replay.live.auditor import Auditor
from qosresolve.replay.rebuild.alone import Alone
from qosresolve.replay.reports import partition_states
from qosresolve.settings import Settings
from qosresolve.topics import PARTITION, REPORT, WATCH, Names, Topic
from tests.chaos.profiles import environment_of
from tests.kafka.harness import PARTITIONS, RECORDS, World, await_that, settings_for

DIFFERING = "qosresolve_audit_differing"
Tool = Callable[..., Result]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Roles run in this process: their lines are not a command's output."""
    structlog.configure(logger_factory=structlog.testing.CapturingLoggerFactory())
    yield
    structlog.reset_defaults()


@pytest.fixture
def world(kafka_bootstrap: str, prefix: str) -> World:
    """Topics with a policy whose targets are hours."""
    return World(settings_for(kafka_bootstrap, prefix))


@pytest.fixture
def tool(world: World, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """Run a command as an operator does, with these settings."""
    for name, value in environment_of(world.settings).items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(app, list(words), prog_name="qosresolve")


def done(result: Result) -> Result:
    """Return a command's result; it has to have ended with status 0."""
    assert result.exit_code == 0, (result.stdout, result.stderr)
    return result


def last(world: World, product: str) -> Message:
    """Return the last record of a product's report."""
    return [item for item in world.messages(REPORT) if (item.key() or b"").startswith(product.encode())][-1]


def overwrite(world: World, message: Message, value: bytes | None) -> None:
    """Write a record's key again, as nobody should."""
    producer = clients.plain_producer(world.settings)
    place = {"partition": message.partition(), "headers": message.headers()}
    producer.produce(message.topic() or "", value, message.key(), **place)  # type: ignore[arg-type]
    assert producer.flush(10) == 0


def test_damage_is_found_mended_and_then_quiet(world: World, tool: Tool) -> None:
    """A report that is written over while its owner is right, and one from which the owner went on."""
    with world.running(Auditor) as auditor:
        with world.running(Worker):
            for product in ("P1", "P2"):
                world.degrade(product)
                world.await_report(product, lambda item: item.open, "open")
            world.command("P1", Verb.ASSIGN, value="anna")
            report = world.await_report("P1", lambda item: item.assignee == "anna", "Anna's")
            await_that(lambda: auditor.health.ready, "auditor that has caught up")
            overwrite(world, last(world, "P1"), RECORDS.write_report(replace(report, assignee="rogue")))
            await_that(lambda: auditor.metric(DIFFERING) == 1, "finding")
            found = tool("verify", "--product", "P1", "--json")
            assert found.exit_code == 1
            (item,) = json.loads(found.stdout)["mismatches"]
            (field,) = item["fields"]
            assert (field["path"], field["journal"], field["topic"]) == ("assignee", "anna", "rogue")
            assert field["touched"]["facts"] == ["InformationChanged"]
            assert tool("repair", report.report_id, "--dry-run").exit_code == 1
            mended = tool("repair", report.report_id[:8], "--reason", "INC-1", "--json")
            assert (mended.exit_code, json.loads(mended.stdout)["decision"]["outcome"]) == (0, "applied")
            await_that(lambda: auditor.metric(DIFFERING) == 0, "quiet auditor")
            assert world.reports()["P1"].assignee == "anna"
        wrong = replace(world.reports()["P2"], assignee="rogue", obligations=())
        overwrite(world, last(world, "P2"), RECORDS.write_report(wrong))
        with world.running(Worker):
            world.command("P2", Verb.NOTE, value="goes on from what is wrong")
            await_that(lambda: world.reports()["P2"].revision == wrong.revision + 1, "owner that went on")
            assert tool("repair", wrong.report_id, "--role", "nobody").exit_code == 1
            done(tool("repair", wrong.report_id, "--product", "P2"))
            done(tool("repair", wrong.report_id, "--product", "P2"))
            await_that(lambda: auditor.metric(DIFFERING) == 0, "quiet auditor")
        assert world.reports()["P2"].assignee != "rogue"
        done(tool("verify"))


def records(world: World, names: Names, topic: Topic) -> dict[bytes, tuple[bytes, object]]:
    """Return value and headers of every record that lies on a topic."""
    places = [(names.of(topic), number) for number in range(PARTITIONS)]
    found: dict[bytes, tuple[bytes, object]] = {}
    for message in read_all(world.settings, places):
        value, key = message.value(), message.key() or b""
        found.pop(key, None)
        if value is not None:
            found[key] = value, message.headers()
    return found


def state_of(world: World, names: Names) -> list[dict[bytes, tuple[bytes, object]]]:
    """Return reports and watches."""
    return [records(world, names, topic) for topic in (REPORT, WATCH)]


def clear(world: World, topic: Topic) -> None:
    """Remove every record of a compacted topic, as somebody might by mistake."""
    for message in {item.key(): item for item in world.messages(topic)}.values():
        world.send(topic, (message.key() or b"").decode(), None, message.partition())
    world.flush()


KILLED = """
import os, signal
from qosresolve.replay.rebuild import run
from qosresolve.replay.rebuild.writing import Writing
run.CHUNK, commit, done = 3, Writing.commit, []
def counted(self, number, outputs):
    if len(done) == 2:
        self._producer.begin_transaction()
        for output in outputs:
            self.send(output)
        self._producer.flush(5)
        os.kill(os.getpid(), signal.SIGKILL)
    commit(self, number, outputs)
    done.append(number)
Writing.commit = counted
from qosresolve.cli.main import main
main()
"""


def killed(settings: Settings, *words: str) -> None:
    """Run a command that is killed with its third transaction open."""
    process = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", KILLED, *words],
        env=os.environ | environment_of(settings),
        timeout=60,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL


def test_a_rebuild_gives_what_the_workers_wrote(world: World, tool: Tool, prefix: str) -> None:
    """Into another prefix beside a worker; in place only without one; killed in the middle, it goes on."""
    rebuilt = Names(f"{prefix}rebuilt.")
    with world.running(Worker):
        for number in range(24):
            world.degrade(f"P{number}")
        world.abate("P100")  # of nothing: the watch keeps it
        world.await_entries(25)
        done(tool("rebuild", "--into", rebuilt.prefix))
        refused = tool("rebuild", "--in-place", "--yes")
        assert refused.exit_code == 2
        assert "stop all workers first" in refused.stderr
    before = state_of(world, world.names)
    assert [len(found) for found in before] == [24, 1]
    assert state_of(world, rebuilt) == before
    assert "--resume" in tool("rebuild", "--into", rebuilt.prefix).stderr
    done(tool("rebuild", "--into", rebuilt.prefix, "--resume"))
    states = partition_states(world.settings, RECORDS)
    for topic in (REPORT, WATCH, PARTITION):
        clear(world, topic)
    assert tool("rebuild", "--in-place", "--dry-run").exit_code == 1
    killed(world.settings, "rebuild", "--in-place", "--yes", "--positions")
    went_on = json.loads(once_alone(tool, "rebuild", "--in-place", "--yes", "--positions", "--json").stdout)
    assert 0 < sum(part["equal"] for part in went_on["partitions"]) < 25
    assert state_of(world, world.names) == before
    assert {number: _plain(item) for number, item in partition_states(world.settings, RECORDS).items()} == {
        number: _plain(item) for number, item in states.items()
    }
    with world.running(Worker):
        world.command("P1", Verb.ASSIGN, value="anna")
        world.await_report("P1", lambda item: item.assignee == "anna", "taken by a worker that started")
    done(tool("verify"))


def once_alone(tool: Tool, *words: str) -> Result:
    """Run a command once the group has let go of what was killed."""

    def alone() -> Result | None:
        result = tool(*words)
        return None if "has members" in result.stderr else done(result)

    return await_that(alone, "group without members")


def _plain(state: PartitionState) -> PartitionState:
    return replace(state, positions=tuple(sorted(state.positions, key=lambda item: item.topic)), updated_at=0)


def test_no_worker_starts_while_the_group_is_ours(world: World) -> None:
    """It gets no partition before we let go; then it works."""
    with Alone(world.settings, PARTITIONS) as alone:
        worker = world.start(Worker, world.settings)
        worker.thread.join(4)
        alone.check()
        assert not worker.health.ready
    await_that(lambda: worker.health.ready, "worker that has its partitions")
    worker.stop()
    assert not worker.failure
