"""What is shipped, before a real Prometheus that scraped a real run: no query comes back empty.

All roles on a real broker, by the demonstration's policy: reports that are taken and restored, one whose
promise breaks and whose call nobody takes, suppliers that are asked, a dead letter, a parked foreign event.
"""

import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import ProcessCollector

from qosresolve.core.inputs import Finding
from qosresolve.core.vocabulary import AnswerState, RootCauseKind, Verb
from qosresolve.kafka.intake.role import Intake
from qosresolve.kafka.notify.role import Notify
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.replay.live.auditor import Auditor
from qosresolve.telemetry.health import serve
from qosresolve.topics import ACTIVITY_STATUS, DEGRADATION, FOREIGN
from tests.kafka.escalated import hooked
from tests.kafka.foreign import crossing, relate, relation
from tests.kafka.harness import DEMO_POLICY, World, await_that, settings_for, wall_ms
from tests.notify.receiver import receiving
from tests.observability import queries
from tests.observability.prometheus import Prometheus, running
from tests.support.tools import tool

pytestmark = [pytest.mark.contracts, pytest.mark.timeout(600)]

ROLES = {"worker": Worker, "timer": Timer, "auditor": Auditor, "intake": Intake, "notify": Notify}
LONG_S = 180.0


@dataclass(frozen=True)
class Live:
    """A run that is scraped."""

    prometheus: Prometheus
    ports: dict[str, int]


@pytest.fixture(scope="module")
def live(kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Run every role, let things happen, and wait for Prometheus to have seen them."""
    folder: Path = tmp_path_factory.mktemp("prometheus")
    world = World(settings_for(kafka_bootstrap, f"seen{wall_ms()}.", DEMO_POLICY))
    with ExitStack() as stack:
        ports = {}
        hook = hooked(stack.enter_context(receiving()), folder)
        for name, kind in ROLES.items():
            started = stack.enter_context(world.running(kind, *(hook if kind is Notify else ())))
            ProcessCollector(registry=started.registry)
            ports[f"qosresolve-{name}"] = serve(started.health, started.registry, "127.0.0.1", 0)
        found = stack.enter_context(running(folder, ports))
        await_that(lambda: len(found.query("up == 1")) == len(ports), "a scrape of every role", LONG_S)
        _happens(world)
        await_that(lambda: found.query("qosresolve_reports_breached > 0"), "a breach", LONG_S)
        yield Live(found, ports)


def _happens(world: World) -> None:
    relate(world, relation("vnf-1", "P7"))
    world.send(FOREIGN, "vnf-1", crossing("vnf-1"))
    world.send(FOREIGN, "nobody", crossing("nobody"))
    world.send(FOREIGN, "vnf-1", crossing("vnf-1", 2, domain="heartbeat"))
    world.send(FOREIGN, "garbage", b"\x00\xff")
    world.send(DEGRADATION, "P9", b"garbage")
    for number in range(1, 4):
        world.degrade(f"P{number}")
    world.flush()
    report = world.await_report("P1", lambda item: bool(item.obligations), "opened")
    world.command("P1", Verb.ACKNOWLEDGE)
    analysis = next(item for item in report.obligations if item.node == "first-analysis")
    cause = Finding(
        "analyst", 1, wall_ms(), RootCauseKind.SUPPLIER, "line-1", party="acme-transport", by_person=True
    )
    world.command("P1", Verb.FINDING, finding=cause)
    world.answer(ACTIVITY_STATUS, "P1", analysis.obligation_id, AnswerState.RESOLVED)
    world.command("P2", Verb.ACKNOWLEDGE)
    world.flush()
    world.abate("P2")
    world.flush()
    world.await_report("P2", lambda item: item.restored_at is not None, "restored")


def _all_answered(live: Live, expressions: list[str]) -> None:
    """Wait until every expression has a value; what has none in the end fails the test."""
    assert expressions
    left = expressions

    def answered() -> bool:
        nonlocal left
        left = live.prometheus.empty(left)
        return not left

    try:
        await_that(answered, "an answer to everything", LONG_S)
    except AssertionError:
        pytest.fail("empty:\n" + "\n".join(left), pytrace=False)


def test_every_query_of_the_dashboard_has_an_answer(live: Live) -> None:
    """No panel is empty where everything happened that it shows."""
    _all_answered(live, queries.of_dashboard())


def test_everything_that_an_alert_looks_at_is_there(live: Live) -> None:
    """No alert is silent because nothing is called as it says."""
    _all_answered(live, queries.of_alerts())


def test_a_misspelt_query_is_found_empty(live: Live) -> None:
    """The tests above can fail."""
    wrong = "sum(qosresolve_reports_breachd)"
    assert live.prometheus.empty(["sum(qosresolve_reports_breached)", wrong]) == [wrong]


def test_the_names_are_as_prometheus_has_them(live: Live) -> None:
    """Promtool finds nothing to say about a scrape of each role; of a name that is wrong it does."""
    for job, port in live.ports.items():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read()
        assert b"qosresolve_" in text
        assert _lint(text) == "", job
    assert "non-histogram" in _lint(b"# HELP q_bucket Q.\n# TYPE q_bucket gauge\nq_bucket 1\n")


def _lint(text: bytes) -> str:
    command = [str(tool("prometheus/usr/bin/promtool")), "check", "metrics"]
    done = subprocess.run(command, input=text, capture_output=True, check=False, timeout=60)
    return (done.stdout + done.stderr).decode()


def test_a_time_leads_to_its_report(live: Live) -> None:
    """The exemplar of how long a restoration took names the report."""
    found = await_that(
        lambda: live.prometheus.exemplars("qosresolve_time_to_restore_seconds_bucket"), "an exemplar", LONG_S
    )
    assert all(len(labels["report_id"]) == 36 for labels in found)


def test_the_figures_are_those_of_the_reports(live: Live) -> None:
    """Of three reports of gold one was restored in time; a supplier was asked; garbage is a dead letter."""
    ask = live.prometheus.query
    assert ask('sum(qosresolve_reports_opened_total{tier="gold"})') == [4]
    assert ask('qosresolve_time_to_restore_seconds_count{tier="gold"}') == [1]
    assert ask('qosresolve_dead_letters_total{stage="decode"}') == [1]
    assert ask("sum(qosresolve_intake_waiting)") == [1]
    assert ask('sum(qosresolve_engagements{kind="supplier"}) > 0')
    assert ask('sum(qosresolve_breaches_total{tier="gold"}) > 0')
