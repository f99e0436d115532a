"""Which fault comes when: a seeded deck of all kinds, dealt at seeded moments, with windows without faults.

The deck decides what comes, so that every kind comes; the lanes decide what may overlap. The plan is the
seed's; what a moment hits is the machine's.
"""

import random
import time
from collections import Counter
from itertools import count
from threading import Thread

from tests.chaos.faults import FAULTS, Fault
from tests.chaos.faults.kinds import Lane
from tests.chaos.field import Field, NotReachedError
from tests.chaos.site import Wanted
from tests.chaos.supervisor import Place

AT_ONCE = 4
STORM_S = (40.0, 80.0)
CALM_S = (6.0, 12.0)
LOOK_S = 0.1
OVER_S = 240.0  # and the longest freeze: for faults under way to heal themselves

Running = dict[frozenset[str], Thread]


class Director:
    """Deals faults until a given time, or until the field says to stop."""

    def __init__(self, field: Field, wanted: Wanted) -> None:
        self.done: Counter[str] = Counter()
        self.phase = "storm"
        self._field = field
        self._dice = random.Random(wanted.seed)
        self._pause_s = wanted.pause_s or field.profile.pause_s
        self._kinds = [fault for fault in FAULTS if self._possible(fault) and wanted.only in fault.name]
        self._deck: list[Fault] = []
        self._running: Running = {}
        self._numbers = count(1)

    def _possible(self, fault: Fault) -> bool:
        field = self._field
        if fault.nodes > len(field.cluster.nodes) or (fault.disk and field.disk is None):
            return False
        return fault.lane is not Lane.AUDITOR or bool(field.supervisor.of("auditor"))

    @property
    def now(self) -> list[str]:
        """Return what is under way."""
        return [thread.name for thread in list(self._running.values()) if thread.is_alive()]

    # -- time

    def run(self, until: float) -> None:
        """Deal faults, storm after calm, until a monotonic instant."""
        while time.monotonic() < until and not self._field.stopping.is_set():
            self._begin("storm")
            self._storm(min(until, time.monotonic() + self._dice.uniform(*STORM_S)))
            if time.monotonic() >= until:
                self._field.stopping.set()  # what is under way comes to an early end
            self.settle()
            self._begin("calm")
            self._field.sleep(self._dice.uniform(*CALM_S))

    def _begin(self, phase: str) -> None:
        self.phase = phase
        self._field.history.note("phase", phase=phase)

    def _storm(self, until: float) -> None:
        while time.monotonic() < until and not self._field.stopping.is_set():
            self._sweep()
            if len(self._running) < AT_ONCE:
                self._deal()
            self._field.sleep(min(4 * self._pause_s, self._dice.expovariate(1 / self._pause_s)))

    def settle(self) -> None:
        """Wait until nothing is under way: faults heal what they broke."""
        end = time.monotonic() + OVER_S + self._field.profile.poll_s
        while self._running:
            self._sweep()
            time.sleep(LOOK_S)
            if time.monotonic() > end:
                self._field.history.note("broken", name="director", what=f"no end of {self.now}")
                self._running = {}

    # -- faults

    def _deal(self) -> None:
        """Start the first fault of the deck whose lane is free."""
        if len(self._deck) < len(self._kinds):
            self._deck += self._shuffled()
        busy = frozenset().union(*self._running)
        for at, fault in enumerate(self._deck):
            target = self._target(fault, busy)
            if target is not None:
                del self._deck[at]
                self._start(fault, *target)
                return

    def _shuffled(self) -> list[Fault]:
        cards = [fault for fault in self._kinds for _ in range(fault.weight)]
        self._dice.shuffle(cards)
        return cards

    def _target(self, fault: Fault, busy: frozenset[str]) -> tuple[frozenset[str], Place] | None:
        """Return the lanes that a fault takes, and on whom; None where one of them is taken."""
        field, lane = self._field, fault.lane
        if lane in (Lane.WORKER, Lane.TIMER, Lane.AUDITOR):
            places = field.workers if lane is Lane.WORKER else field.supervisor.of(lane)
            free = [place for place in places if place.name not in busy and place.alive]
            chosen = self._dice.choice(free) if free else None
            return (frozenset({chosen.name}), chosen) if chosen else None
        lanes = (
            frozenset(place.name for place in field.workers) if lane is Lane.WORKERS else frozenset({lane})
        )
        if lanes & busy or not field.workers:
            return None
        return lanes, field.workers[0]

    def _start(self, fault: Fault, lanes: frozenset[str], place: Place) -> None:
        number, dice = next(self._numbers), random.Random(self._dice.getrandbits(64))
        target = "" if fault.lane in lanes else ", ".join(sorted(lanes))
        self._field.history.note("fault", id=number, fault=fault.name, target=target)
        name = f"{fault.name} {target}".strip()
        thread = Thread(target=self._act, args=(number, fault, place, dice), name=name, daemon=True)
        self._running[lanes] = thread
        thread.start()

    def _act(self, number: int, fault: Fault, place: Place, dice: random.Random) -> None:
        began, outcome, why = time.monotonic(), "done", ""
        try:
            fault.act(self._field, place, dice)
        except NotReachedError as error:
            outcome, why = "not reached", str(error)
        except Exception as error:  # noqa: BLE001 - told in the history; the rest of the run goes on
            outcome, why = "failed", f"{type(error).__name__}: {error}"
        if outcome == "done":
            self.done[fault.name] += 1
        seconds = round(time.monotonic() - began, 2)
        self._field.history.note(
            "healed", id=number, fault=fault.name, outcome=outcome, why=why, seconds=seconds
        )

    def _sweep(self) -> None:
        self._running = {lanes: run for lanes, run in self._running.items() if run.is_alive()}
