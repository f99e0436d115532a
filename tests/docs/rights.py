"""Which role reads and writes which topic, from the table of rights."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from qosresolve.kafka.acls import TABLE, Operation, Role
from qosresolve.topics import Topic

if TYPE_CHECKING:
    from collections.abc import Iterator

# Roles that have rights on topics without taking part in what moves there.
NO_PART = {
    Role.TOPICS: "reads nothing: it may write the group's first offsets",
    Role.SHADOW: "writes under a prefix of its own only",
}
TAKING_PART = tuple(role for role in Role if role not in NO_PART)


@cache
def reads_or_writes(role: Role, operation: Operation) -> dict[Topic, str]:
    """Return the topics that a role may read, or write, each with what for."""
    return dict(_found(role, operation))


def _found(role: Role, operation: Operation) -> Iterator[tuple[Topic, str]]:
    for need in TABLE[role]:
        if isinstance(need.subject, Topic) and operation in need.operations:
            yield need.subject, need.why


def roles(topic: Topic, operation: Operation) -> list[Role]:
    """Return who reads a topic, or writes it."""
    return [role for role in TAKING_PART if topic in reads_or_writes(role, operation)]
