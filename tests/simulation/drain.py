"""After the faults: everything is caught up with and ends, and a new worker finds what the old one knew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qosresolve.contracts import headers as head
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.topics import INPUTS, REPORT, STATE, WATCH
from tests.simulation.ledger import since
from tests.simulation.log import State
from tests.simulation.violation import ViolationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qosresolve.topics import Topic
    from tests.simulation.driver import Simulation
    from tests.simulation.ledger import Ledger

DRAIN_S = 150.0
DRAIN_RECORD_S = 0.02  # and so long for each record that is left: some seeds take two or three a transaction
QUIET_S = 20.0
LAST_SILENCE_MS = 4_000  # longer than a deadline is tried to be delivered
BROKER_SESSION_S = 50.0  # with that protocol the brokers say for how long a dead member keeps its partitions
STOP_S = 30.0
RESTORE_S = 120.0
OVERDUE_MS = (
    12_000  # so long after its time an alarm may wait: a clock that is wrong is noticed in ten seconds
)


def drained(run: Simulation) -> None:
    """Every input is taken and every alarm is settled within a bound after healing (16, 10)."""
    if run.settings.group_protocol == "consumer":
        run.until(lambda: False, BROKER_SESSION_S)
    bound_s = DRAIN_S + DRAIN_RECORD_S * sum(
        _left(ledger, topic) for ledger in run.ledgers for topic in INPUTS
    )
    if not run.until(lambda: not any(lag(run)) and not any(overdue(run)), bound_s):
        run.look()
        late = list(overdue(run))
        number = "10" if late and not any(lag(run)) else "16"
        raise ViolationError(number, f"{bound_s:.0f} s after healing: {[*lag(run), *late][:5]}")
    for (
        slot
    ) in run.fleet.slots:  # nobody will start the timers anew: what they lose now they have to send again
        if slot.role is Timer and slot.process is not None:
            run.nemesis.faults.silence(slot.process.name, LAST_SILENCE_MS)
    run.until(lambda: False, QUIET_S)  # and it stays so
    late = list(overdue(run))
    if late:
        raise ViolationError("10", f"in quiet times: {late[:5]}")
    run.until(lambda: not any(lag(run)), DRAIN_S)
    run.look()


def lag(run: Simulation) -> Iterator[str]:
    """Yield what is not taken yet."""
    for ledger in run.ledgers:
        if not ledger.settled:
            yield f"partition {ledger.number} has an open transaction"
        for topic in INPUTS:
            log = ledger.log(topic.name)
            if log.last_stable < log.end:
                yield f"{topic.name} {ledger.number} has an open transaction"
            left = _left(ledger, topic)
            if left:
                position = ledger.positions.get(topic.name, 0)
                yield f"{left} records of {topic.name} {ledger.number} from {position} on"


def _left(ledger: Ledger, topic: Topic) -> int:
    """Return how many records of an input are not taken yet."""
    position = ledger.positions.get(topic.name, 0)
    return sum(record.state is State.COMMITTED for record in since(ledger.log(topic.name), position))


def overdue(run: Simulation) -> Iterator[str]:
    """Yield the alarms that nobody settles."""
    now = run.scheduler.now_ms()
    for ledger in run.ledgers:
        for key, due in _dues(ledger):
            if now - due > OVERDUE_MS:
                yield f"the alarm of {key} on partition {ledger.number} is {now - due} ms overdue"


def _dues(ledger: Ledger) -> Iterator[tuple[str, int]]:
    for topic in (REPORT, WATCH):
        last = {}
        for record in since(ledger.log(topic.name), 0):
            if record.state is State.COMMITTED:
                last[record.body.key] = record.body
        for key, body in last.items():
            alarm = head.read_alarm(body.headers) if body.value is not None else None
            if alarm is not None:
                yield (key or b"").decode(), alarm.due


def stopped(run: Simulation) -> None:
    """SIGTERM, timers first: each ends in time (18), and nothing stays open (16)."""
    _stop(run, Timer)
    if run.settings.group_protocol == "consumer":
        run.until(lambda: False, BROKER_SESSION_S)
    if not run.until(lambda: not any(lag(run)), STOP_S):
        raise ViolationError("16", f"{STOP_S:.0f} s after the last input: {[*lag(run)][:5]}")
    _stop(run, Worker)
    nothing_open(run)
    run.look()


def _stop(run: Simulation, role: type[Worker | Timer]) -> None:
    slots = [slot for slot in run.fleet.slots if slot.role is role]
    for slot in slots:
        slot.wanted = False
        run.fleet.ask_to_end(slot)
    if not run.until(lambda: all(slot.process is None for slot in slots), STOP_S):
        left = [slot.process.name for slot in slots if slot.process is not None]
        raise ViolationError("18", f"{STOP_S:.0f} s after SIGTERM there are {left}")


def nothing_open(run: Simulation) -> None:
    """LSO is the end everywhere, and no transaction is left."""
    if ids := run.cluster.transactions.open_ids():
        raise ViolationError("16", f"transactions are open: {ids}")
    for topic in run.cluster.topics.values():
        for number, log in enumerate(topic.logs):
            if log.last_stable != log.end:
                raise ViolationError(
                    "16", f"{topic.name} {number} is stable up to {log.last_stable} of {log.end}"
                )


def cold_restore(run: Simulation) -> None:
    """A new worker, the group at the very beginning: it takes nothing, and knows what was known (7, 11)."""
    run.look_at_alarms()
    for topic in STATE:
        for number in range(run.partitions):
            run.cluster.compact(topic.name, number)
    if run.chance("cold").random() < 0.5:
        run.nemesis.rewind(0.0)
    before = written(run)
    only_worker(run)
    run.compared.clear()
    if not run.until(lambda: len(run.compared) == run.partitions, RESTORE_S):
        raise ViolationError(
            "7", f"a cold restore is ready on {sorted(run.compared)} of {run.partitions} partitions"
        )
    run.until(lambda: False, 3.0)
    run.look()
    if written(run) != before:
        raise ViolationError("11", "a worker that had nothing to take has written something")


def only_worker(run: Simulation) -> Worker | None:
    """Let the first worker run, and nobody else."""
    slot = run.fleet.slots[0]
    slot.wanted = True
    run.fleet.start(slot)
    return slot.made if isinstance(slot.made, Worker) else None


def written(run: Simulation) -> dict[tuple[str, int], int]:
    """Return the end of every log."""
    return {
        (topic.name, number): log.end
        for topic in run.cluster.topics.values()
        for number, log in enumerate(topic.logs)
    }
