"""Topics and rights as resources of the Strimzi operator, from the two tables (`kafka.strimzi.io/v1`).

Shapes: plain data, to be written as YAML or JSON. Where these lie is the caller's business.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from qosresolve.kafka.acls import COMMANDS, Acl, Operation, Pattern, Resource, Role, acls
from qosresolve.kafka.topics_admin import copies, options, partitions
from qosresolve.settings import Settings
from qosresolve.topics import ANCHOR, TOPICS, Names

API = "kafka.strimzi.io/v1"
CLUSTER = "qosresolve"  # how the Kafka resource is called, unless somebody says otherwise
SCALER = "scaler"  # who looks at the lag of workers: none of ours, so not in the table of rights
PODS = (*(role for role in Role if COMMANDS[role].startswith("run ")), Role.TOPICS)  # who runs in a pod

_TYPES = {
    Resource.TOPIC: "topic",
    Resource.GROUP: "group",
    Resource.TRANSACTIONAL_ID: "transactionalId",
}
_PATTERNS = {Pattern.LITERAL: "literal", Pattern.PREFIXED: "prefix"}
Manifest = dict[str, Any]


def user_name(role: str) -> str:
    """Return the name of a role's user, which is also that of the secret with its password."""
    return f"qosresolve-{role}"


def topics(settings: Settings, cluster: str = CLUSTER) -> Iterator[Manifest]:
    """Yield a KafkaTopic for each topic, as `topics create` would make it."""
    names = Names(settings.prefix)
    for topic in TOPICS:
        name = names.of(topic)
        yield _resource("KafkaTopic", name.lower().replace("_", "-"), cluster) | {
            "spec": {
                "topicName": name,
                "partitions": partitions(topic, settings),
                "replicas": copies(settings),
                "config": {option: _plain(value) for option, value in options(topic, settings).items()},
            }
        }


def users(settings: Settings, roles: Iterable[Role], cluster: str = CLUSTER) -> Iterator[Manifest]:
    """Yield a KafkaUser for each role, with its rights and no other."""
    for role in roles:
        yield _user(role, acls(role, settings), cluster)


def scaler(settings: Settings, cluster: str = CLUSTER) -> Manifest:
    """Return the KafkaUser of whoever scales workers by their lag."""
    return _user(SCALER, scaler_rights(settings), cluster)


def scaler_rights(settings: Settings) -> list[Acl]:
    """Return what is needed to see the lag of the workers."""
    anchor, describe = Names(settings.prefix).of(ANCHOR), (Operation.DESCRIBE,)
    return [
        Acl(Resource.TOPIC, anchor, Pattern.LITERAL, describe, "where it ends"),
        Acl(Resource.GROUP, settings.group, Pattern.LITERAL, describe, "how far it was taken"),
    ]


def _user(name: str, rights: Iterable[Acl], cluster: str) -> Manifest:
    return _resource("KafkaUser", user_name(name), cluster) | {
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": [_rule(acl) for acl in rights]},
        }
    }


def _rule(acl: Acl) -> Manifest:
    resource = {"type": _TYPES[acl.resource], "name": acl.name, "patternType": _PATTERNS[acl.pattern]}
    return {"resource": resource, "operations": [str(operation) for operation in acl.operations]}


def _resource(kind: str, name: str, cluster: str) -> Manifest:
    labels = {"strimzi.io/cluster": cluster, "app.kubernetes.io/part-of": "qosresolve"}
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name, "labels": labels}}


def _plain(value: str) -> int | str:
    return int(value) if value.isdecimal() else value
