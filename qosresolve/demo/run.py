"""The demonstration from its first line to its exit status."""

import time
from importlib.resources import as_file, files
from pathlib import Path

from rich.console import Console

from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry
from qosresolve.demo import promises, roles
from qosresolve.demo.drain import Drain
from qosresolve.demo.post import wall_ms
from qosresolve.demo.scene import Scene
from qosresolve.demo.summary import summarise, told
from qosresolve.demo.tail import Tail
from qosresolve.demo.view import say, view
from qosresolve.demo.world import World, tell_inventory
from qosresolve.errors import FatalError
from qosresolve.kafka.embedded import embedded
from qosresolve.kafka.wire import contracts_for
from qosresolve.settings import Settings
from qosresolve.telemetry import log
from qosresolve.telemetry.health import Health
from qosresolve.topics import JOURNAL, REPORT

_POLICY = files("qosresolve.demo").joinpath("demo_policy.yaml")
_RULES = files("qosresolve.demo").joinpath("demo_intake.yaml")
READY_S = 20.0
LOOK_S = 0.25
WHAT = "an embedded broker, the real worker, timer and intake, a simulated world around them"
INTERRUPTED = 130


def run(*, seconds: float, console: Console) -> int:
    """Play for some seconds, then count and verify; return the exit status.

    0: the fold of the journal equals every report, and everything promised was seen.
    """
    log.configure("console", "error")
    try:
        with (
            as_file(_POLICY) as policy,
            as_file(_RULES) as rules,
            embedded(_settings(policy, rules)) as settings,
        ):
            return Demo(settings, console, seconds).play()
    except KeyboardInterrupt:
        say(console, "stopped before the proof")
        return INTERRUPTED


def _settings(policy: Path, rules: Path) -> Settings:
    """Return the defaults: nothing of the environment belongs in the demonstration."""
    return Settings.model_construct(
        slot="demo",
        group="demo",
        policy_file=policy,
        intake_rules_file=rules,
        log_level="error",
        kafka={"log_level": "0"},
    )


class Demo:
    """One run, on a broker that is there."""

    def __init__(self, settings: Settings, console: Console, seconds: float) -> None:
        self._settings = settings
        self._console = console
        self._seconds = seconds
        self._began = time.monotonic()
        self._contracts: Contracts = contracts_for(settings)
        self._scene = Scene()
        self._drain = Drain(settings)
        self._tail = Tail(settings, REPORT, JOURNAL)

    def play(self) -> int:
        """Play, stop, wait for what was sent, and tell what the topics say."""
        say(self._console, f"qosresolve demo: {WHAT} ({self._seconds:.0f} s).")
        health = Health()  # of those that are ready when they own their partitions
        tell_inventory(self._settings, self._contracts)
        worker = roles.worker(self._settings, self._contracts, health)
        intake = roles.intake(self._settings, self._contracts, health)
        timer = roles.timer(self._settings, self._contracts, Health())
        try:
            self._await_ready(health, worker, intake, timer)
            complete = self._story(worker, intake, timer)
        finally:
            timer.halt()
            intake.halt()
            worker.halt()
            self._tail.close()
        return self._tell(promised=complete and self._seconds >= promises.NEEDS_S)

    def _story(self, worker: roles.Thread, intake: roles.Thread, timer: roles.Thread) -> bool:
        """Play the story and let the worker finish; return whether it was played to its end."""
        world = roles.Thread("world", lambda stop: World(self._settings, self._contracts, stop))
        try:
            complete = self._watch(worker, intake, timer, world)
        finally:
            world.halt()
        world.stop()
        self._drain.foreign(intake)
        for role in (intake, timer):
            role.stop()
        self._drain.wait(self._look, worker)
        worker.stop()
        return complete

    def _await_ready(self, health: Health, *threads: roles.Thread) -> None:
        end = time.monotonic() + READY_S
        while len(health.silent(-1)) < 2 or not health.ready:
            for thread in threads:
                thread.raise_if_failed()
            if time.monotonic() > end:
                raise FatalError(f"worker and intake were not ready within {READY_S:.0f} s")
            time.sleep(0.02)

    def _watch(self, *threads: roles.Thread) -> bool:
        """Show the story; return whether it was let run to its end."""
        end = self._began + self._seconds
        try:
            with view(self._console, wall_ms(), end - time.monotonic()) as shown:
                while time.monotonic() < end:
                    shown.show(self._scene, self._look())
                    for thread in threads:
                        thread.raise_if_failed()
        except KeyboardInterrupt:
            say(self._console, "Stopping; what was sent is still worked on.")
            return False
        return True

    def _look(self) -> list[Entry]:
        """Take what the report and journal topics have; return the news of the journal."""
        entries: list[Entry] = []
        for topic, message in self._tail.read(LOOK_S):
            value = message.value()
            if value is None:
                continue  # a forgotten report stays on the stage
            if topic is REPORT:
                self._scene.report(self._contracts.read_report(value))
            else:
                entry = self._contracts.read_entry(value)
                self._scene.entry(entry)
                self._drain.entry(entry)
                entries.append(entry)
        return sorted(entries, key=lambda entry: entry.now)

    def _tell(self, *, promised: bool) -> int:
        summary = summarise(self._settings, self._contracts, promised=promised)
        say(self._console, "\nCounted from the topics:")
        for line in told(summary):
            say(self._console, line)
        return summary.exit_status
