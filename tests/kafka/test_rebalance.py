"""Who holds what: a member that comes back, and one that was away for too long, on a real broker.

On both protocols of the group: the classic one with cooperative-sticky, and KIP-848's.
"""

import threading

import pytest

from qosresolve.core.vocabulary import DegradationKind
from qosresolve.errors import FencedError
from qosresolve.kafka.worker import Worker
from tests.kafka.checks import check_all
from tests.kafka.conftest import MakeWorld
from tests.kafka.harness import PARTITIONS, Running, World, await_that

PROTOCOLS = pytest.mark.parametrize("protocol", ["classic", "consumer"])
COUNT = 40


class HeldWorker(Worker):
    """The worker, which can be held at a point of its loop as a paused process would be."""

    hold = False

    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)  # type: ignore[arg-type]
        self.reached, self.go_on = threading.Event(), threading.Event()

    def _commit(self) -> None:
        if self.hold and any(partition.staged for partition in self._assignment.held.values()):
            self.wait_here()
        super()._commit()

    def wait_here(self) -> None:
        """Stand still until told to go on."""
        self.reached.set()
        self.hold = False
        assert self.go_on.wait(120)

    @property
    def epochs(self) -> dict[int, int]:
        """Return which assignment each held partition is of."""
        return {number: partition.epoch for number, partition in list(self._assignment.held.items())}


def _role(running: Running) -> HeldWorker:
    assert isinstance(running.role, HeldWorker)
    return running.role


def _share(*workers: Running) -> bool:
    held = [set(_role(worker).epochs) for worker in workers]
    whole = sorted(number for numbers in held for number in numbers) == list(range(PARTITIONS))
    return all(held) and whole and all(worker.health.ready for worker in workers)


def _update(world: World, sequence: int) -> None:
    for number in range(COUNT):
        kind = DegradationKind.UPDATE if sequence > 1 else DegradationKind.RAISE
        world.degrade(f"P{number}", sequence, kind=kind)
    world.flush()


@PROTOCOLS
def test_a_static_member_that_restarts_in_time_moves_nothing(make_world: MakeWorld, protocol: str) -> None:
    """The others keep their very assignment, and it gets the same partitions again, at once."""
    options = (f"group_protocol={protocol}", "static_membership=true", "session_timeout_ms=20000")
    world = make_world(*options)
    with world.running(HeldWorker, *options) as stays:
        with world.running(HeldWorker, *options, slot="1") as leaves:
            await_that(lambda: _share(stays, leaves), "split of the partitions")
            _update(world, 1)
            world.await_entries(COUNT)
            before, given_up = _role(stays).epochs, set(_role(leaves).epochs)
        _update(world, 2)  # half of it lies there until the other is back
        with world.running(HeldWorker, *options, slot="1") as back:
            await_that(lambda: _share(stays, back), "return of the partitions", seconds=15)
            assert set(_role(back).epochs) == given_up
            world.await_entries(2 * COUNT)
            assert _role(stays).epochs == before
    check_all(world)


@PROTOCOLS
def test_what_was_staged_before_a_loss_is_not_committed_after_it(
    make_world: MakeWorld, protocol: str
) -> None:
    """Held for longer than it may be silent, with a batch in its hands that another one takes meanwhile."""
    options = (f"group_protocol={protocol}", "session_timeout_ms=2000", "max_poll_interval_ms=2500")
    world = make_world(*options)
    with world.running(HeldWorker, *options) as late:
        _update(world, 1)
        world.await_entries(COUNT)
        _role(late).hold = True
        _update(world, 2)
        assert _role(late).reached.wait(30)
        with world.running(HeldWorker, *options, slot="1") as other:
            world.await_entries(2 * COUNT)  # it took all that the first one holds, and began to fill it up
            committed = late.metric("qosresolve_transactions_total", outcome="committed")
            _role(late).go_on.set()
            await_that(lambda: _share(late, other), "return of the first one to the group")
            assert late.metric("qosresolve_transactions_total", outcome="aborted") >= 1, "nothing was refused"
            assert late.metric("qosresolve_transactions_total", outcome="committed") == committed
            _update(world, 3)
            world.await_entries(3 * COUNT)
    entries = check_all(world)
    assert len(entries) == 3 * COUNT


def test_a_transaction_that_was_open_for_too_long_has_no_effect(make_world: MakeWorld) -> None:
    """Held in the middle of one: the broker ends it, the others wait for that, its process has to end."""
    options = ("session_timeout_ms=2000", "max_poll_interval_ms=2500", "transaction_timeout_ms=3000")
    world = make_world(*options)
    late = world.start(HeldWorker, world.settings)
    _update(world, 1)
    world.await_entries(COUNT)
    role = _role(late)
    metadata = role._consumer.consumer_group_metadata

    class Consumer:
        """The consumer, which is asked for the group's metadata when all outputs are produced."""

        def __getattr__(self, name: str) -> object:
            return getattr(role_consumer, name)

        def consumer_group_metadata(self) -> object:
            producer = role._transactions._producer
            assert producer is not None
            producer.flush(5)
            role.wait_here()
            return metadata()

    role_consumer = role._consumer
    role._consumer = Consumer()  # type: ignore[assignment]
    _update(world, 2)
    assert role.reached.wait(30)
    with world.running(HeldWorker, *options, slot="1"):
        world.await_entries(2 * COUNT)
        role.go_on.set()
        failure = await_that(lambda: late.failure, "end of the first one")[0]
        late.stop()
        assert isinstance(failure, FencedError)
        with world.running(HeldWorker, *options):
            _update(world, 3)
            world.await_entries(3 * COUNT)
    entries = check_all(world)
    assert len(entries) == 3 * COUNT
