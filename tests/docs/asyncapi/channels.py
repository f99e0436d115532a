"""One channel a topic of the topic table, with what it is created with."""

from __future__ import annotations

from typing import Any

from qosresolve.topics import Kind, Topic
from tests.docs.asyncapi import messages
from tests.docs.defaults import DEFAULTS

Channel = dict[str, Any]
_WHAT = {
    Kind.INPUT: "Input of the worker.",
    Kind.STATE: "State of the worker: compacted, the last record of a key is what holds.",
    Kind.JOURNAL: "Journal: one record for every input, with what was decided and why.",
    Kind.REQUEST: "What the worker asks of others.",
    Kind.DEAD_LETTER: "Records that could not be taken.",
    Kind.POLICY: "Policies under their hashes: compacted.",
    Kind.INVENTORY: "Which object carries whose product: compacted.",
    Kind.INTAKE: "State of intake: compacted.",
    Kind.FOREIGN: "What others send in their own formats.",
}


def name(topic: Topic) -> str:
    """Return a topic's name as an identifier: `qos.report.event.v1` is `reportEvent`."""
    first, *rest = topic.name.removeprefix("qos.").removesuffix(".v1").replace("-", ".").split(".")
    return first + "".join(word.capitalize() for word in rest)


def reference(topic: Topic) -> dict[str, str]:
    """Return a reference to a topic's channel."""
    return {"$ref": f"#/channels/{name(topic)}"}


def of(topic: Topic) -> Channel:
    """Return a topic's channel."""
    return {
        "address": topic.name,
        "description": f"{_WHAT[topic.kind]} {_partitions(topic)}",
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in messages.of(topic)},
        "bindings": {"kafka": _kafka(topic)},
    }


def _partitions(topic: Topic) -> str:
    if not topic.co_partitioned:
        return "It has one partition."
    return "It is co-partitioned: everything of a product lies in the partition of the same number."


def _kafka(topic: Topic) -> Channel:
    return {
        "partitions": DEFAULTS.partitions if topic.co_partitioned else 1,
        "replicas": DEFAULTS.replication_factor,
        "topicConfiguration": {option: _value(option, text) for option, text in topic.config().items()},
        "bindingVersion": messages.BINDING,
    }


def _value(option: str, text: str) -> object:
    """Return an option as the binding wants it: the clean-up policy is a list, counts are numbers."""
    if option == "cleanup.policy":
        return text.split(",")
    return int(text) if text.isdigit() else text
