"""One partition's escalations in memory: order, what is due, how many wait, and the brake."""

from confluent_kafka import Message, TopicPartition

from qosresolve.kafka.dead_letters import Brake
from qosresolve.kafka.notify import lane as lanes
from qosresolve.kafka.notify.lane import Lane
from qosresolve.notify.answers import Wait


def made(limit: int = 3) -> Lane:
    lane = Lane(("t", 2), 1, Wait(10.0, lambda: 0.5), Brake(limit))
    lane.ready = True
    return lane


def message(offset: int) -> Message:
    return Message(topic="t", partition=2, offset=offset)


def test_nothing_more_is_told_before_the_commit() -> None:
    """So a crash repeats one escalation of a partition and no more."""
    lane = made()
    for offset in (7, 9):
        lane.take(message(offset))
    assert lane.due(0.0)
    lane.done(dead=False)
    assert lane.uncommitted == TopicPartition("t", 2, 8)
    assert not lane.due(0.0)
    lane.committed()
    assert lane.due(0.0)
    assert lane.first is not None
    assert lane.first.offset() == 9


def test_nothing_is_due_before_it_begins_nor_while_it_waits() -> None:
    """A partition whose first one alone fails is `failing`, and waits for itself."""
    lane = made()
    lane.take(message(1))
    lane.ready = False
    assert (lane.state, lane.due(0.0)) == ("beginning", False)
    lane.ready = True
    lane.wait.failed(100.0)
    assert (lane.state, lane.due(100.0), lane.due(101.0)) == ("failing", False, True)
    lane.done(dead=False)
    assert (lane.state, lane.wait.failures) == ("reading", 0)


def test_too_many_dead_letters_in_a_row_stop_it() -> None:
    """The fault is then the receiver's, and not theirs."""
    lane = made(limit=2)
    for offset in range(4):
        lane.take(message(offset))
    stopped = []
    for dead in (True, False, True, True):
        lane.done(dead=dead)
        lane.committed()
        stopped.append(lane.stopped)
    assert stopped == [False, False, False, True]
    lane.take(message(9))
    assert not lane.due(0.0)


def test_memory_is_bounded() -> None:
    """Full at the most, and until few are left once it was: not back and forth at the limit."""
    lane = made()
    for offset in range(lanes.MOST):
        assert not lane.full
        lane.take(message(offset))
    assert lane.full
    lane.paused = True
    while len(lane) >= lanes.FEW:
        assert lane.full
        lane.done(dead=False)
    assert not lane.full
