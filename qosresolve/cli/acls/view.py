"""How rights are shown."""

from collections.abc import Callable, Sequence

from qosresolve.cli.output import console, documents, dump, line, table
from qosresolve.errors import ConfigError
from qosresolve.kafka.acls import COMMANDS, Role, acls, grant
from qosresolve.settings import Settings


def for_people(settings: Settings, roles: Sequence[Role], principal: str) -> None:
    """Show a table for each role."""
    for role in roles:
        rows = [
            (acl.resource, acl.name, acl.pattern.lower(), ", ".join(acl.operations), acl.why)
            for acl in acls(role, settings)
        ]
        title = f"{role} ({whom(role, principal)}): {COMMANDS[role]}"
        console().print(table(title, ("resource", "name", "pattern", "operations", "what for"), rows))


def as_json(settings: Settings, roles: Sequence[Role], principal: str) -> None:
    """Show a JSON array, an object for each right."""
    dump(
        [
            {
                "role": role,
                "principal": whom(role, principal),
                "resource": acl.resource,
                "name": acl.name,
                "pattern": acl.pattern,
                "operations": acl.operations,
                "why": acl.why,
            }
            for role in roles
            for acl in acls(role, settings)
        ]
    )


def for_kafka(settings: Settings, roles: Sequence[Role], principal: str) -> None:
    """Show the commands that grant it."""
    for role in roles:
        line(f"# {role}: {COMMANDS[role]}")
        for acl in acls(role, settings):
            line(grant(acl, whom(role, principal), settings.bootstrap_servers))


def for_strimzi(settings: Settings, roles: Sequence[Role], principal: str) -> None:
    """Show KafkaUsers as YAML, named after the roles."""
    from qosresolve.kafka import strimzi

    if principal:
        raise ConfigError(
            "strimzi names its users after the roles", setting="--principal", remedy="leave it out"
        )
    documents(strimzi.users(settings, roles))


def whom(role: Role, principal: str) -> str:
    """Return who gets a role's rights."""
    return principal or f"User:qosresolve-{role}"


Show = Callable[[Settings, Sequence[Role], str], None]
SHOW: dict[str, Show] = {
    "table": for_people,
    "json": as_json,
    "kafka-acls": for_kafka,
    "strimzi": for_strimzi,
}
