"""Who works, and whether each partition has an owner."""

import pytest

from qosresolve.kafka.acls import Group
from qosresolve.replay.doctor import group
from qosresolve.replay.doctor.group import Members
from tests.replay.doctor.described import names

ALL = frozenset(range(4))


@pytest.mark.parametrize(
    ("who", "seen", "found"),
    [
        (Group.WORKERS, Members(2, ALL), []),
        (Group.WORKERS, Members(0, frozenset()), ["no-worker"]),
        (Group.TIMERS, Members(0, frozenset()), ["no-timer"]),
        (Group.AUDITORS, Members(0, frozenset()), ["no-auditor"]),
        (Group.WORKERS, Members(1, frozenset({0, 1})), ["partitions-without-owner"]),
        (Group.WORKERS, Members(1, frozenset(), rebalancing=True), ["rebalancing"]),
    ],
)
def test_each_partition_has_an_owner(who: Group, seen: Members, found: list[str]) -> None:
    """A group that shares its partitions anew is looked at again; one without members has no owners."""
    assert names(group.members(who, "g", seen, ALL)) == found
