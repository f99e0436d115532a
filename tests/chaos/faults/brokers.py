"""Faults of brokers: frozen, restarted in good order or not, a full disk."""

import random
from contextlib import suppress

from tests.chaos.faults.kinds import Fault, Lane
from tests.chaos.field import Field, NotReachedError
from tests.chaos.supervisor import Place
from tests.support.kafka_node import KafkaNode
from tests.support.small_disk import SmallDisk

AS_MANY_AS_ALL = 3


def _one(field: Field, dice: random.Random) -> KafkaNode:
    return dice.choice(field.cluster.nodes)


def paused(field: Field, _: Place, dice: random.Random) -> None:
    """SIGSTOP for a moment: connections stay, nothing answers."""
    _paused(field, _one(field, dice), dice.uniform(1, 4))


def paused_beyond_requests(field: Field, _: Place, dice: random.Random) -> None:
    """SIGSTOP for longer than clients wait for an answer, then SIGCONT: late requests are still in there."""
    _paused(field, _one(field, dice), field.profile.request_s + dice.uniform(1, 4))


def _paused(field: Field, node: KafkaNode, seconds: float) -> None:
    node.pause()
    try:
        field.sleep(seconds)
    finally:
        node.resume()
    field.cluster.await_in_sync()


def restarted(field: Field, _: Place, dice: random.Random) -> None:
    """An orderly restart of one node."""
    _one(field, dice).restart()
    field.cluster.await_in_sync()


def rolled(field: Field, _: Place, __: random.Random) -> None:
    """A rolling restart: node after node, each when the one before is back in sync."""
    field.cluster.rolling_restart()


def killed(field: Field, _: Place, dice: random.Random) -> None:
    """SIGKILL of one node of three; it comes back some seconds later."""
    node = _one(field, dice)
    node.kill()
    try:
        field.sleep(dice.uniform(0, 8))
    finally:
        node.start()
    field.cluster.await_in_sync()


def disk_full(field: Field, _: Place, dice: random.Random) -> None:
    """The disk of one node is full: it gives up; then there is room again, and it is started."""
    if field.disk is None:
        raise NotReachedError("no small disk can be mounted here")
    node = field.cluster.nodes[field.disk_node]
    try:
        _fill(field.disk)
        field.until(lambda: not node.alive(), 60, "end of the broker whose disk is full")
        field.sleep(dice.uniform(0, 5))
    finally:
        field.disk.clear()
        node.stop()
        node.start()
    field.cluster.await_in_sync()


def _fill(disk: SmallDisk) -> None:
    """Take all that is left; the broker writes meanwhile, so there may be less than was asked for."""
    for leave in (0, 100_000, 1_000_000):
        with suppress(OSError):
            return disk.fill(leave)
    raise NotReachedError("the disk cannot be filled")


BROKERS = (
    Fault("broker frozen for a moment", Lane.BROKERS, paused, weight=2),
    Fault("broker frozen beyond requests", Lane.BROKERS, paused_beyond_requests, weight=2),
    Fault("broker restarted", Lane.BROKERS, restarted, weight=2),
    Fault("brokers restarted in turn", Lane.BROKERS, rolled, nodes=AS_MANY_AS_ALL),
    Fault("kill -9 of a broker", Lane.BROKERS, killed, weight=3, nodes=AS_MANY_AS_ALL),
    Fault("disk of a broker full", Lane.BROKERS, disk_full, nodes=AS_MANY_AS_ALL, disk=True),
)
