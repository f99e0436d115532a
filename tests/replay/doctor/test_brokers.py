"""Brokers, copies, and whether what counts as written stays."""

import pytest

from qosresolve.replay.doctor import brokers
from qosresolve.replay.doctor.site import Replicas
from tests.replay.doctor.described import lying, names

SAFE = {"min.insync.replicas": "2"}


@pytest.mark.parametrize(("there", "found"), [((1, 2, 3), []), ((1, 3), ["brokers-few"])])
def test_as_many_brokers_as_copies(there: tuple[int, ...], found: list[str]) -> None:
    """With fewer, some copies are missing for certain."""
    assert names(brokers.missing(there, 3)) == found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (lying(1, 2, 3), []),
        (lying(1, 2, 3, leader=-1), ["no-leader"]),
        (lying(1, 2, 3, in_sync=(1,)), ["below-min-insync"]),
        (lying(1, 2, 3, in_sync=(1, 2)), ["under-replicated"]),
        (lying(1, 2), ["copies-few"]),
    ],
)
def test_of_a_partition_the_worst_is_told(where: Replicas, found: list[str]) -> None:
    """One finding a partition: what stands still before what is merely at risk."""
    assert names(brokers.copies([where], {"t": SAFE}, 3)) == found


def test_more_copies_in_sync_are_asked_for_than_there_are() -> None:
    """No write can ever succeed."""
    assert names(brokers.copies([lying(1)], {"t": SAFE}, 1)) == ["below-min-insync"]


def test_one_copy_that_was_asked_for_is_a_note_of_all_topics() -> None:
    """A small installation is well, and knows."""
    found = list(brokers.copies([lying(1, topic="a"), lying(1, topic="b")], {}, 1))
    assert names(found) == ["one-copy"]
    assert not found[0].severity.bad


def test_partitions_of_a_topic_are_told_together() -> None:
    """Twelve partitions of one topic are one finding."""
    where = [lying(1, 2, 3, in_sync=(2, 3), leader=2, partition=number) for number in range(12)]
    (found,) = brokers.copies(where, {"t": SAFE}, 3)
    assert found.seen == "partitions 0, 1, 2, 3, 4 and 7 more: copies on 1, 2, 3, in sync 2, 3"


@pytest.mark.parametrize(
    ("copies", "config", "found"),
    [
        ((1, 2, 3), {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}, []),
        ((1, 2, 3), {"min.insync.replicas": "1"}, ["min-insync-low"]),
        ((1, 2, 3), {"min.insync.replicas": "3"}, ["min-insync-high"]),
        ((1, 2), {"min.insync.replicas": "1"}, []),
        ((1,), {"min.insync.replicas": "1", "unclean.leader.election.enable": "true"}, []),
        ((1, 2), {"unclean.leader.election.enable": "true"}, ["unclean-election"]),
    ],
)
def test_what_counts_as_written_stays(
    copies: tuple[int, ...], config: dict[str, str | None], found: list[str]
) -> None:
    """On more than one broker, with room for one that restarts, and no leader that lacks records."""
    assert names(brokers.losing([lying(*copies)], {"t": config})) == found
