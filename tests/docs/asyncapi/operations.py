"""One operation for each topic that a role may read (receive) or write (send)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qosresolve.kafka.acls import COMMANDS, TABLE, Group, Operation, Role
from tests.docs.asyncapi import channels
from tests.docs.asyncapi.messages import BINDING
from tests.docs.defaults import DEFAULTS
from tests.docs.rights import TAKING_PART, reads_or_writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qosresolve.topics import Topic

ACTIONS = {Operation.READ: "receive", Operation.WRITE: "send"}


def all_of_them() -> dict[str, dict[str, Any]]:
    """Return every operation by its name, such as `worker.receive.degradation`."""
    return dict(_operations())


def name(role: Role, operation: Operation, topic: Topic) -> str:
    """Return an operation's name."""
    return f"{role}.{ACTIONS[operation]}.{channels.name(topic)}"


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for role in TAKING_PART:
        for operation, action in ACTIONS.items():
            for topic, why in reads_or_writes(role, operation).items():
                yield (
                    name(role, operation, topic),
                    {
                        "action": action,
                        "channel": channels.reference(topic),
                        "title": f"{role}: {action} {topic.name}",
                        "summary": why,
                        "tags": [{"name": role.value, "description": f"qosresolve {COMMANDS[role]}"}],
                        **(_group(role) if operation is Operation.READ else {}),
                    },
                )


def _group(role: Role) -> dict[str, Any]:
    """Say under which group a role reads; a tool joins none."""
    joined = [
        need.subject
        for need in TABLE[role]
        if isinstance(need.subject, Group) and Operation.READ in need.operations
    ]
    if not joined:
        return {}
    group = {"type": "string", "const": DEFAULTS.group + joined[0]}
    return {"bindings": {"kafka": {"groupId": group, "bindingVersion": BINDING}}}
