"""Faults of processes: killed, asked to end, frozen and thawed, at any moment and at named points."""

import random
import signal
from itertools import count

from tests.chaos import points
from tests.chaos.faults.kinds import Act, Fault, Lane
from tests.chaos.field import Field, NotReachedError
from tests.chaos.supervisor import Place

REACH_S = 20.0  # for a process to come to a point of its ordinary work
RESTART_S = 45.0  # for one that has to start, join and restore first
_EXTRA = count()


def _signal(field: Field, place: Place, number: signal.Signals) -> None:
    if not field.supervisor.send(place, number):
        raise NotReachedError(f"{place.name} is not running")


def kill(field: Field, place: Place, _: random.Random) -> None:
    """SIGKILL, at whatever moment."""
    _signal(field, place, signal.SIGKILL)


def terminate(field: Field, place: Place, _: random.Random) -> None:
    """SIGTERM; it has to end in good order, and is started again."""
    process = place.process
    _signal(field, place, signal.SIGTERM)
    field.until(lambda: place.process is not process, field.profile.bound_s, f"end of {place.name}")


def _at(point: str, number: signal.Signals, *, restart: bool = False) -> Act:
    """SIGKILL of a process by itself, at a point; `restart`: one that it only comes to after a start."""

    def act(field: Field, place: Place, dice: random.Random) -> None:
        field.supervisor.order(place, point, number)
        if restart:
            _signal(field, place, signal.SIGTERM)
        field.obeyed(place, RESTART_S if restart else REACH_S)
        if number is signal.SIGSTOP:
            _thaw_after(field, place, _beyond_transaction(field, dice))

    return act


def _beyond_transaction(field: Field, dice: random.Random) -> float:
    profile = field.profile
    return max(profile.session_s, profile.transaction_s) + dice.uniform(1.5, 5)


def _thaw_after(field: Field, place: Place, seconds: float) -> None:
    place.frozen = True
    field.sleep(seconds)
    field.supervisor.send(place, signal.SIGCONT)


def killed_while_revoking(field: Field, place: Place, dice: random.Random) -> None:
    """SIGKILL inside the callback that takes partitions away, because another worker comes back."""
    others = [each for each in field.workers if each is not place and each.alive and not each.frozen]
    if not others:
        raise NotReachedError("no other worker is there to come back")
    field.supervisor.order(place, "revoking", signal.SIGKILL)
    _signal(field, dice.choice(others), signal.SIGTERM)
    field.obeyed(place, RESTART_S)


def _frozen(longest: str) -> Act:
    """SIGSTOP for longer than a time-out, then SIGCONT: a zombie that believes itself in charge."""

    def act(field: Field, place: Place, dice: random.Random) -> None:
        _signal(field, place, signal.SIGSTOP)
        _thaw_after(field, place, getattr(field.profile, longest) + dice.uniform(1.0, 4.0))

    return act


def frozen_a_moment(field: Field, place: Place, dice: random.Random) -> None:
    """SIGSTOP for less than any time-out: nobody should notice."""
    _signal(field, place, signal.SIGSTOP)
    _thaw_after(field, place, dice.uniform(0.3, 0.6) * field.profile.transaction_s)


def twin(field: Field, place: Place, dice: random.Random) -> None:
    """A second process in a slot that is taken: an operator's mistake; each fences the other."""
    name = f"worker-x{next(_EXTRA)}"
    other = field.supervisor.add(name, "worker", slot=place.environment["QOSRESOLVE_SLOT"])
    try:
        field.until(lambda: other.ready or bool(other.exits), RESTART_S, f"start of {name}")
        field.sleep(dice.uniform(1, 5))
    finally:
        field.supervisor.remove(name)


def killed_all(field: Field, _: Place, __: random.Random) -> None:
    """SIGKILL of every worker within a moment."""
    for place in field.workers:
        field.supervisor.send(place, signal.SIGKILL)


def storm(field: Field, _: Place, dice: random.Random) -> None:
    """Workers that join and leave, in good order or not, every 1 to 3 s."""
    for _round in range(dice.randrange(4, 8)):
        name = f"worker-x{next(_EXTRA)}"
        other = field.supervisor.add(name, "worker")
        field.sleep(dice.uniform(1, 3))
        if dice.random() < 0.5:
            other.wanted = False
            field.supervisor.send(other, signal.SIGKILL)
        else:
            field.supervisor.remove(name)
        field.sleep(dice.uniform(0.2, 1))
        if field.stopping.is_set():
            return


PROCESSES = (
    Fault("kill -9 of a worker", Lane.WORKER, kill, weight=3),
    *(
        Fault(f"kill -9 of a worker: {point}", Lane.WORKER, _at(point, signal.SIGKILL), weight=2)
        for point in points.IN_TRANSACTION
    ),
    *(
        Fault(f"kill -9 of a worker: {point}", Lane.WORKER, _at(point, signal.SIGKILL, restart=True))
        for point in ("assigning", "restoring", "starting")
    ),
    Fault("kill -9 of a worker: revoking", Lane.WORKER, killed_while_revoking),
    Fault("kill -9 of all workers", Lane.WORKERS, killed_all),
    Fault("SIGTERM to a worker", Lane.WORKER, terminate, weight=2),
    Fault("worker frozen for a moment", Lane.WORKER, frozen_a_moment),
    Fault("worker frozen beyond its session", Lane.WORKER, _frozen("session_s"), weight=2),
    Fault("worker frozen beyond its poll interval", Lane.WORKER, _frozen("poll_s")),
    Fault("worker frozen beyond its watchdog", Lane.WORKER, _frozen("watchdog_s")),
    *(
        Fault(f"worker frozen: {point}", Lane.WORKER, _at(point, signal.SIGSTOP))
        for point in ("begun", "produced", "offsets", "committing", "commit-sent")
    ),
    Fault("a second worker in a slot", Lane.WORKER, twin),
    Fault("rebalance storm", Lane.STORM, storm),
    Fault("kill -9 of a timer", Lane.TIMER, kill, weight=2),
    Fault("kill -9 of a timer: firing", Lane.TIMER, _at("firing", signal.SIGKILL)),
    Fault("kill -9 of a timer: catching up", Lane.TIMER, _at("catching-up", signal.SIGKILL, restart=True)),
    Fault("SIGTERM to a timer", Lane.TIMER, terminate),
    Fault("timer frozen beyond its session", Lane.TIMER, _frozen("session_s"), weight=2),
    Fault("kill -9 of an auditor", Lane.AUDITOR, kill),
    Fault("auditor frozen beyond its session", Lane.AUDITOR, _frozen("session_s")),
)
