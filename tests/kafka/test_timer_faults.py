"""What may happen to a timer, on a real broker: its clock is set; it is paused or killed, or one of two."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from qosresolve.contracts.headers import alarm_headers
from qosresolve.core.facts import TargetBreached
from qosresolve.core.inputs import Deadline
from qosresolve.core.rules import Rule
from qosresolve.core.step import TOO_EARLY
from qosresolve.kafka import timer as timer_module
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.topics import DEADLINE, REPORT, Topic
from tests.kafka.bench import products
from tests.kafka.checks import check_all
from tests.kafka.conftest import MakeWorld
from tests.kafka.harness import DEMO_POLICY, PARTITIONS, RECORDS, Running, World, await_that, wall_ms

SHORT = "session_timeout_ms=2000"
HOUR = 3_600_000
LATE_MS = 3_000  # generous: the machine may be busy


@dataclass
class Fired:
    """One deadline, as it lies on its topic."""

    product: str
    due: int
    at: int  # the broker's time

    @property
    def late_ms(self) -> int:
        """Return how late it came, negative where it came early."""
        return self.at - self.due


def _arm(world: World, product: str, due: int, topic: Topic = REPORT) -> None:
    """Write a record with an alarm; the timer looks at nothing but its key and its headers."""
    world._producer.produce(
        world.names.of(topic),
        b"never decoded",
        f"{product}/R".encode(),
        partition_of(product, PARTITIONS),
        headers=cast("Any", alarm_headers(due, 1)),
    )


def _fired(world: World) -> list[Fired]:
    """Return what was fired, partition by partition in order."""
    found = []
    for message in world.messages(DEADLINE):
        body = RECORDS.read_input(DEADLINE.record, message.value() or b"")
        assert isinstance(body, Deadline)
        found.append(Fired(body.product_id, body.due, message.timestamp()[1]))
    return found


def _taken(world: World) -> int:
    """Return how many deadlines the journal knows."""
    topic = world.names.of(DEADLINE)
    return sum(entry.cause.topic == topic for entry in world.journal())


def _await_fired(world: World, timer: Running, count: int) -> list[Fired]:
    await_that(lambda: timer.metric("qosresolve_timer_lateness_seconds_count") >= count, f"{count} fires")
    return _fired(world)


# -- clocks


class WrongTimer(Timer):
    """A timer on a machine whose clock can be set."""

    ahead_ms = 0

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, clock=lambda: wall_ms() + WrongTimer.ahead_ms, **more)  # type: ignore[arg-type]


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> type[WrongTimer]:
    monkeypatch.setattr(WrongTimer, "ahead_ms", 0)
    return WrongTimer


def test_a_clock_that_is_set_while_the_timer_runs(
    world: World, wrong: type[WrongTimer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour ahead, then an hour back: nothing is fired early, nothing late, and the skew is told."""
    with world.running(wrong) as timer:
        _arm(world, "first", wall_ms())
        _await_fired(world, timer, 1)
        begin = wall_ms()
        for number in range(40):
            _arm(world, f"soon{number}", begin + 1_000 + 100 * number)
            _arm(world, f"later{number}", begin + HOUR - 60_000 * number)
        world.flush()
        await_that(lambda: timer.metric("qosresolve_timer_armed") == 81, "armed alarms")
        monkeypatch.setattr(wrong, "ahead_ms", HOUR)
        _await_fired(world, timer, 15)
        assert timer.metric("qosresolve_timer_clock_skew_seconds") == pytest.approx(-HOUR / 1000, abs=1)
        monkeypatch.setattr(wrong, "ahead_ms", -HOUR)
        fired = _await_fired(world, timer, 41)
        assert timer.metric("qosresolve_timer_clock_skew_seconds") == pytest.approx(HOUR / 1000, abs=1)
        assert timer.metric("qosresolve_timer_clock_steps_total") == 2
    soon = [item for item in fired if item.product.startswith("soon")]
    assert len(soon) == 40
    assert all(-TOO_EARLY <= item.late_ms <= LATE_MS for item in soon)
    assert not [item for item in fired if item.product.startswith("later")]


def test_a_clock_that_is_behind_from_the_start_asks_the_brokers(
    world: World, wrong: type[WrongTimer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One alarm ahead of its time tells what time it is; all others come when they are due, that one too."""
    monkeypatch.setattr(timer_module, "PROBE_AFTER_MS", 500)
    monkeypatch.setattr(wrong, "ahead_ms", -HOUR)
    begin = wall_ms()
    for number in range(20):
        _arm(world, f"P{number}", begin + 4_000 + 100 * number)
    world.flush()
    with world.running(wrong) as timer:
        fired = _await_fired(world, timer, 21)
        assert timer.metric("qosresolve_timer_clock_skew_seconds") == pytest.approx(HOUR / 1000, abs=1)
    early = [item for item in fired if item.late_ms < 0]
    assert len(early) == 1
    assert early[0].late_ms < -TOO_EARLY, "the machine was too busy for this test"
    assert {item.product for item in fired if 0 <= item.late_ms <= LATE_MS} == {f"P{at}" for at in range(20)}


def test_a_clock_that_is_ahead_from_the_start_fires_one_too_early(
    world: World, wrong: type[WrongTimer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not all that would be due by its own clock: the first delivery puts it right."""
    monkeypatch.setattr(wrong, "ahead_ms", HOUR)
    for number in range(200):
        _arm(world, f"P{number}", wall_ms() + HOUR // 2)
    _arm(world, "soon", wall_ms() + 8_000)  # later than the timer takes to start, on a busy machine too
    world.flush()
    with world.running(wrong) as timer:
        await_that(
            lambda: [item for item in _fired(world) if item.product == "soon" and item.late_ms >= 0], "fire"
        )
        assert timer.metric("qosresolve_timer_clock_skew_seconds") == pytest.approx(-HOUR / 1000, abs=1)
    assert len([item for item in _fired(world) if item.late_ms < -TOO_EARLY]) == 1


# -- floods


def test_what_became_due_in_an_outage_is_fired_oldest_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once, a bounded number between two polls, nothing before all was read."""
    monkeypatch.setattr(timer_module, "PASS_LIMIT", 200)
    count, begin = 5_000, wall_ms() - HOUR
    for number in range(count):
        _arm(world, f"P{number}", begin + number * 7_919 % count * 700)
    world.flush()
    with world.running(Timer) as timer:
        fired = _await_fired(world, timer, count)
        assert timer.metric("qosresolve_timer_fired_total", again="true") == 0
        assert timer.metric("qosresolve_timer_oldest_overdue_seconds") > 3_000, "fired is not settled"
    assert len({item.product for item in fired}) == len(fired) == count
    for number in range(PARTITIONS):
        here = [item.due for item in fired if partition_of(item.product, PARTITIONS) == number]
        assert here[1:] == sorted(here[1:]), "the very first may be any that is due: it asked for the time"


def test_a_record_with_broken_headers_is_left_out_and_told(world: World) -> None:
    """Somebody else wrote it: the others are fired all the same."""
    for due, number in ((b"soon", b"1"), (b"12", b"1")):
        world._producer.produce(
            world.names.of(REPORT), b"?", b"bad/R", 0, headers=[("due", due), ("alarm", number)]
        )
    _arm(world, "good", wall_ms())
    world.flush()
    with world.running(Timer) as timer:
        assert [item.product for item in _await_fired(world, timer, 1)] == ["good"]
        assert timer.metric("qosresolve_timer_malformed_total") == 2


# -- one after the other, and two at once


@contextmanager
def _timer_process(world: World, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a timer as an operator would, for the length of a block."""
    settings = world.settings.model_dump(exclude_unset=True, exclude={"kafka"})
    environment = {f"QOSRESOLVE_{name.upper()}": str(value) for name, value in settings.items()}
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "qosresolve", "run", "timer"], env=os.environ | environment, stderr=stderr
        )
    try:
        await_that(lambda: "catch-up done" in log.read_text(), "readiness of the timer")
        yield process
    finally:
        process.kill()
        process.wait(10)


def test_timers_come_and_go(make_world: MakeWorld, tmp_path: Path) -> None:
    """There before the worker, paused, taken over from, back with alarms long settled, and killed."""
    world = make_world(DEMO_POLICY, SHORT)
    names = [name for number in range(PARTITIONS) for name in products(3, number)]

    def degrade_and_see(some: list[str]) -> None:
        for product in some:
            world.degrade(product, tier="platinum")
        for product in some:
            world.await_report(product, lambda item: item.alarm > 0, "looked at")

    with _timer_process(world, tmp_path / "log") as first, world.running(Worker, DEMO_POLICY):
        degrade_and_see(names[::3])
        first.send_signal(signal.SIGSTOP)
        with world.running(Timer, SHORT):
            degrade_and_see(names[1::3])
            first.send_signal(signal.SIGCONT)
        before = len(_fired(world))
        await_that(lambda: len(_fired(world)) > before, "fire of the first timer, which is alone again")
        assert first.poll() is None
        first.kill()
        with world.running(Timer, SHORT):
            degrade_and_see(names[2::3])
        await_that(lambda: _taken(world) == len(_fired(world)), "journal of what was fired last")
    entries = check_all(world)
    assert not [entry for entry in entries if entry.rule is Rule.TOO_EARLY]
    breaches = [
        (fact.report_id, fact.clock)
        for entry in entries
        for fact in entry.facts
        if isinstance(fact, TargetBreached)
    ]
    assert len(breaches) == len(set(breaches))
