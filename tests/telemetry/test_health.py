"""What probes and scrapers see: metrics, liveness and readiness, over HTTP."""

import queue
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from qosresolve.errors import ConfigError
from qosresolve.telemetry.health import Health, serve
from qosresolve.telemetry.metrics import TimerMetrics, WorkerMetrics
from qosresolve.telemetry.watchdog import watch

Get = Callable[[str], tuple[int, str]]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def get(health: Health, registry: CollectorRegistry) -> Get:
    """Return a function that asks the real server for (status, body)."""
    port = serve(health, registry, "127.0.0.1", 0)

    def ask(path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    return ask


def test_before_the_first_beat_nothing_is_well(health: Health) -> None:
    """A process that has not begun is neither alive nor ready."""
    assert not health.alive
    assert not health.ready


def test_who_waits_is_not_ready_and_says_for_what(health: Health, get: Get) -> None:
    """A probe sees why nothing is taken; the loop moves all the while."""
    health.beat("worker", ready=True)
    health.beat("intake", ready=True)
    health.waits("worker", "schema registry, schema 7: it does not answer")
    assert get("/readyz") == (
        503,
        "Service Unavailable\nworker waits: schema registry, schema 7: it does not answer\n",
    )
    assert get("/healthz") == (200, "OK\n")
    health.goes_on("intake")
    assert not health.ready
    health.goes_on("worker")
    assert get("/readyz") == (200, "OK\n")
    health.waits("worker", "brokers")
    health.end("worker")
    assert not health.waiting


def test_ready_only_when_every_role_is(health: Health) -> None:
    """Two roles in a process: the slower one decides."""
    health.beat("worker", ready=True)
    health.beat("timer", ready=False)
    assert health.alive
    assert not health.ready
    health.beat("timer", ready=True)
    assert health.ready


def test_a_silent_role_is_neither_alive_nor_ready(health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that hangs is seen, although it once said that it was ready."""
    health.beat("worker", ready=True)
    _later(monkeypatch, 31)
    health.beat("timer", ready=True)
    assert not health.alive
    assert not health.ready


def test_a_role_is_watched_from_its_beginning(health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role that hangs before its first round is seen too; one that has ended is not missed."""
    health.begin("worker")
    assert (health.alive, health.ready) == (True, False)
    assert health.silent(10) == []
    _later(monkeypatch, 11)
    assert health.silent(10) == ["worker"]
    health.beat("worker", ready=True)
    assert health.silent(10) == []
    health.end("worker")
    assert health.silent(-1) == []


def test_the_watchdog_names_who_hangs_and_ends(health: Health) -> None:
    """It waits while all move, and calls the end once with the silent roles."""
    ended: queue.Queue[tuple[list[str], float]] = queue.Queue()
    health.begin("timer")
    with watch(health, 0.2, lambda roles, limit: ended.put((roles, limit))):
        assert ended.get(timeout=5) == (["timer"], 0.2)


def _later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let time pass, as far as anybody can tell."""
    then = time.monotonic() + seconds
    monkeypatch.setattr(time, "monotonic", lambda: then)


def test_probes_follow_the_role(health: Health, get: Get) -> None:
    """503 until restored, 200 from then on; liveness comes earlier."""
    assert (get("/healthz")[0], get("/readyz")[0]) == (503, 503)
    health.beat("worker", ready=False)
    assert (get("/healthz")[0], get("/readyz")[0]) == (200, 503)
    health.beat("worker", ready=True)
    assert get("/readyz") == (200, "OK\n")


def test_metrics_are_served_as_prometheus_reads_them(registry: CollectorRegistry, get: Get) -> None:
    """Counters, gauges and histograms of both roles, in the text format."""
    WorkerMetrics(registry).transactions.labels("committed").inc()
    TimerMetrics(registry).skew.set(0.25)
    status, text = get("/metrics")
    assert status == 200
    assert 'qosresolve_transactions_total{outcome="committed"} 1.0' in text
    assert "qosresolve_timer_clock_skew_seconds 0.25" in text
    assert "qosresolve_transaction_duration_seconds_bucket" in text


def test_metrics_have_our_prefix_and_a_help_text(registry: CollectorRegistry) -> None:
    """A dashboard finds them by the name, a person by the words."""
    WorkerMetrics(registry)
    TimerMetrics(registry)
    for family in registry.collect():
        assert family.name.startswith("qosresolve_")
        assert family.documentation


def test_another_path_tells_which_there_are(get: Get) -> None:
    """Somebody who looks around is helped."""
    status, text = get("/")
    assert status == 404
    assert "/metrics" in text


def test_a_port_in_use_is_a_wrong_setting(health: Health, registry: CollectorRegistry) -> None:
    """It stops at once and names the setting."""
    port = serve(health, registry, "127.0.0.1", 0)
    with pytest.raises(ConfigError, match="http_port"):
        serve(health, registry, "127.0.0.1", port)
