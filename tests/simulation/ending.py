"""The end of a run: something that cannot be right. The workers stop, and say which page helps (D2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qosresolve.kafka.worker import Worker
from qosresolve.topics import DEAD_LETTERS, DEGRADATION, JOURNAL, PARTITION
from tests.simulation.drain import lag, only_worker
from tests.simulation.ledger import since
from tests.simulation.log import State
from tests.simulation.violation import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.driver import Simulation

STOP_S = 20.0
FLOOD = 30


def end(run: Simulation, name: str) -> str:
    """Play one ending; return its name."""
    name = name or run.chance("ending").choice(sorted(ENDINGS))
    run.scheduler.trace.note(run.scheduler.now_ms(), "ending", name)
    ENDINGS[name](run)
    return name


def _catch_up(run: Simulation) -> None:
    """Give the worker something to do, so that there is a last transaction; then let it go."""
    run.world.degrade_all()
    expect("16", run.until(lambda: not any(lag(run)), 60.0), "the worker that was restored does nothing")
    run.look()


def _stop(run: Simulation) -> None:
    slot = run.fleet.slots[0]
    slot.wanted = False
    run.fleet.ask_to_end(slot)
    expect("18", run.until(lambda: slot.process is None, 30.0), f"{slot.name} does not end")


def _journaled(run: Simulation) -> int:
    return sum(
        record.state is State.COMMITTED
        for number in range(run.partitions)
        for record in since(run.cluster.log(JOURNAL.name, number), 0)
    )


def _must_stop(run: Simulation, page: str) -> None:
    """Start a worker again: it names the page and takes nothing."""
    before, told = _journaled(run), len(run.fleet.stops)
    run.fleet.allowed = (page,)
    only_worker(run)
    run.world.degrade_all()
    run.until(lambda: any(page in stop for stop in run.fleet.stops[told:]), STOP_S)
    run.fleet.slots[0].wanted = False
    after = _journaled(run)
    expect("D2", after == before, f"{after - before} inputs were taken, the worker had to stop with {page}")
    expect("D2", any(page in stop for stop in run.fleet.stops[told:]), f"no worker stopped with {page}")


def lost_state(run: Simulation) -> None:
    """An unclean election takes the last partition records: the group is ahead of them."""
    _catch_up(run)
    _stop(run)
    for number in range(run.partitions):
        log = run.cluster.log(PARTITION.name, number)
        last = max((item.offset for item in since(log, 0) if item.state is State.COMMITTED), default=0)
        run.cluster.truncate(PARTITION.name, number, last)
    _must_stop(run, "docs/runbooks/lost-state.md")


def truncated_input(run: Simulation) -> None:
    """An unclean election takes the end of an input: what comes next has offsets that were taken already."""
    _catch_up(run)
    _stop(run)
    for number in range(run.partitions):
        position = run.ledgers[number].positions[DEGRADATION.name]
        run.cluster.truncate(DEGRADATION.name, number, max(0, position - 1))
    _without_new(run, "docs/runbooks/truncated-input.md")


def _without_new(run: Simulation, page: str) -> None:
    """As `_must_stop`, with nothing sent: what is sent would hide that the end is too low."""
    before, told = _journaled(run), len(run.fleet.stops)
    run.fleet.allowed = (page,)
    only_worker(run)
    stopped = run.until(lambda: any(page in stop for stop in run.fleet.stops[told:]), STOP_S)
    run.fleet.slots[0].wanted = False
    expect("D2", _journaled(run) == before, "inputs were taken where nothing was to be taken")
    expect("D2", stopped, f"no worker stopped with {page}")


def created_anew(run: Simulation) -> None:
    """An input was deleted, created again, and has as many records as before: offsets look right."""
    _catch_up(run)
    _stop(run)
    ends = [run.cluster.high_watermark(DEGRADATION.name, number) for number in range(run.partitions)]
    run.cluster.recreate(DEGRADATION.name)
    while any(
        run.cluster.high_watermark(DEGRADATION.name, number) <= end
        for number, end in enumerate(ends)
        if run.world.has_product(number)
    ):
        run.world.degrade_all()
    _must_stop(run, "docs/runbooks/truncated-input.md")


def aged_out(run: Simulation) -> None:
    """Records were deleted by retention before anybody took them."""
    _catch_up(run)
    _stop(run)
    run.world.degrade_all()
    for number in range(run.partitions):
        run.cluster.delete_records(
            DEGRADATION.name, number, run.cluster.high_watermark(DEGRADATION.name, number)
        )
    _must_stop(run, "docs/runbooks/retention-passed.md")


def aged_out_meanwhile(run: Simulation) -> None:
    """Retention takes records from under a worker that stands still for a while."""
    _catch_up(run)
    slot = run.fleet.slots[0]
    page = "docs/runbooks/retention-passed.md"
    before, told = _journaled(run), len(run.fleet.stops)
    run.fleet.allowed = (page,)
    run.fleet.pause(slot, 2_000)
    run.world.degrade_all()
    for number in range(run.partitions):
        run.cluster.delete_records(
            DEGRADATION.name, number, run.cluster.high_watermark(DEGRADATION.name, number)
        )
    run.until(lambda: False, 3.0)
    run.world.degrade_all()
    stopped = run.until(lambda: any(page in stop for stop in run.fleet.stops[told:]), STOP_S)
    slot.wanted = False
    expect("D2", _journaled(run) == before, "inputs were taken over a gap")
    expect("D2", stopped, f"no worker stopped with {page}")


def poison_flood(run: Simulation) -> None:
    """Everything is poison: the partition stops, the others go on (D3)."""
    _stop(run)
    slot = run.fleet.slots[0]
    slot.settings = slot.settings.model_copy(update={"dead_letter_limit": FLOOD, "batch_records": 7})
    number = next(number for number in range(run.partitions) if run.world.has_product(number))
    before = _letters(run, number)
    slot.wanted = True
    run.fleet.start(slot)
    run.world.poison_all(number, 3 * FLOOD)
    run.until(lambda: False, 20.0)
    buried = _letters(run, number) - before
    expect("D3", FLOOD <= buried <= FLOOD + 7, f"{buried} dead letters in a row, the limit is {FLOOD}")
    made = slot.made
    braked = isinstance(made, Worker) and not made._assignment.held[number].ready
    expect("D3", braked, "a partition that buries everything is said to be ready")
    others = [other for other in range(run.partitions) if other != number and run.world.has_product(other)]
    done: Callable[[], bool] = lambda: not any(f" {other} " in what for what in lag(run) for other in others)  # noqa: E731
    run.world.degrade_all()
    expect("D3", run.until(done, 30.0), "other partitions stand still as well")


def _letters(run: Simulation, number: int) -> int:
    log = run.cluster.log(DEAD_LETTERS.name, number)
    return sum(record.state is State.COMMITTED for record in since(log, 0))


def nothing(run: Simulation) -> None:
    """All is well."""
    _catch_up(run)


ENDINGS = {
    play.__name__: play
    for play in (
        lost_state,
        truncated_input,
        created_anew,
        aged_out,
        aged_out_meanwhile,
        poison_flood,
        nothing,
    )
}
