"""topics.md: every topic with its options, and who reads and writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qosresolve.kafka.acls import Operation
from qosresolve.topics import DAY, TOPICS, Topic
from tests.docs import avro
from tests.docs.asyncapi import messages
from tests.docs.defaults import DEFAULTS
from tests.docs.markdown import code, table
from tests.docs.markdown import page as whole
from tests.docs.rights import NO_PART, roles

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRO = f"""\
One table in the code makes all of them: `qosresolve topics create`, the checks at a start, the doctor's,
and this page. The setting `prefix` stands before every name. Co-partitioned topics have one count of
partitions, the setting `partitions` ({DEFAULTS.partitions}) at their creation, and it never changes
afterwards; each has `replication_factor` ({DEFAULTS.replication_factor}) copies, and
`min.insync.replicas` is one less.

As a document for programs: [asyncapi.yaml](../asyncapi.yaml), AsyncAPI 3, with every header."""


def page() -> str:
    """Return the page."""
    return whole(
        "Topics",
        "qosresolve/topics.py and qosresolve/kafka/acls.py",
        _INTRO,
        "Who writes and reads: roles of ours, as [rights](../security.md) have them; nobody from outside. "
        + " ".join(f"`{role}` {why}." for role, why in NO_PART.items()),
        table(["Topic", "Kind", "Record", "Key", "Partitions", "Clean-up"], map(_row, TOPICS)),
        *(section for topic in TOPICS for section in _section(topic)),
    )


def _row(topic: Topic) -> list[str]:
    partitions = code("partitions") if topic.co_partitioned else "1"
    return [
        f"[`{topic.name}`](#{anchor(topic)})",
        topic.kind,
        record(topic),
        topic.key,
        partitions,
        "compact" if topic.compacted else f"delete, {topic.retention_ms // DAY} days",
    ]


def anchor(topic: Topic) -> str:
    """Return a topic's anchor on the page: what both a forge and the site make of its heading."""
    return topic.name.replace(".", "")


def record(topic: Topic) -> str:
    """Return a link to the record of a topic's values."""
    if not _is_avro(topic):
        return "bytes as they came"
    return f"[{topic.record}](schemas.md#{topic.record})"


def _is_avro(topic: Topic) -> bool:
    return any("schemaFormat" in message["payload"] for message in messages.of(topic).values())


def _section(topic: Topic) -> Iterator[str]:
    yield f"## {topic.name}"
    if _is_avro(topic):
        yield avro.own(topic.record)["doc"]
    options = ", ".join(code(f"{name}={value}") for name, value in topic.config().items())
    yield "\n".join(
        [
            f"- Written by: {_who(topic, Operation.WRITE)}",
            f"- Read by: {_who(topic, Operation.READ)}",
            f"- Headers: {_headers(topic)}",
            f"- Created with: {options}",
        ]
    )


def _who(topic: Topic, operation: Operation) -> str:
    """Return the roles that do."""
    return ", ".join(roles(topic, operation)) or "nobody of ours"


def _headers(topic: Topic) -> str:
    found = [
        code(name)
        for message in messages.of(topic).values()
        for name in message.get("headers", {}).get("properties", {})
    ]
    return ", ".join(dict.fromkeys(found)) or "none"
