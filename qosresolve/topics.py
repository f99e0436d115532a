"""The one table of topics: it drives creation, checks, and everything generated from it.

Names are `<prefix>` + the name here. The co-partitioned ones share one partition count that never changes
after the first start; everything of partition p goes to p by explicit partition.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

DAY = 86_400_000
DEAD_LETTER_BYTES = 2 * 1_048_576


class Kind(StrEnum):
    """What a topic is to the worker."""

    INPUT = "input"
    STATE = "state"
    JOURNAL = "journal"
    REQUEST = "request"
    DEAD_LETTER = "dead-letter"
    POLICY = "policy"
    INVENTORY = "inventory"
    INTAKE = "intake"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: `record` names the Avro record of its values, `key` says what its keys are.

    What others write in their own formats has no record.
    """

    name: str
    record: str
    kind: Kind
    key: str
    retention_ms: int = 0

    @property
    def compacted(self) -> bool:
        """State, policies, inventory and what intake keeps are compacted; the rest ages out."""
        return self.kind in (Kind.STATE, Kind.POLICY, Kind.INVENTORY, Kind.INTAKE)

    @property
    def co_partitioned(self) -> bool:
        """All but policies and inventory lie beside the inputs, partition by partition."""
        return self.kind not in (Kind.POLICY, Kind.INVENTORY)

    def config(self) -> dict[str, str]:
        """Return the broker configuration this topic is created with."""
        if self.compacted:
            return dict(_COMPACTED)
        config = {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms)}
        if self.kind in (Kind.INPUT, Kind.FOREIGN):
            config["message.timestamp.type"] = "LogAppendTime"
        if self.kind is Kind.DEAD_LETTER:  # whatever an input may hold, and where it came from
            config["max.message.bytes"] = str(DEAD_LETTER_BYTES)
        return config


# Tombstones must outlive the slowest restore; the active segment is never compacted, so it is kept short.
_COMPACTED = {
    "cleanup.policy": "compact",
    "delete.retention.ms": str(7 * DAY),
    "segment.ms": str(3_600_000),
    "min.cleanable.dirty.ratio": "0.2",
    "max.compaction.lag.ms": str(DAY),
}

DEGRADATION = Topic("qos.degradation.v1", "degradation", Kind.INPUT, "product id", 14 * DAY)
COMMAND = Topic("qos.command.v1", "command", Kind.INPUT, "product id; partition for control", 14 * DAY)
ACTIVITY_STATUS = Topic("qos.activity.status.v1", "activity-status", Kind.INPUT, "product id", 14 * DAY)
TROUBLE_STATUS = Topic("qos.trouble.status.v1", "trouble-status", Kind.INPUT, "product id", 14 * DAY)
SUPPLIER_STATUS = Topic("qos.supplier.status.v1", "supplier-status", Kind.INPUT, "product id", 14 * DAY)
DEADLINE = Topic("qos.deadline.v1", "deadline", Kind.INPUT, "product id", 14 * DAY)
REPORT = Topic("qos.report.v1", "report", Kind.STATE, "product id/report id")
WATCH = Topic("qos.watch.v1", "watch", Kind.STATE, "product id")
PARTITION = Topic("qos.partition.v1", "partition", Kind.STATE, "partition number")
JOURNAL = Topic("qos.report.event.v1", "report-event", Kind.JOURNAL, "product id", 400 * DAY)
ACTIVITY_REQUEST = Topic("qos.activity.request.v1", "activity-request", Kind.REQUEST, "product id", 14 * DAY)
TROUBLE_REQUEST = Topic("qos.trouble.request.v1", "trouble-request", Kind.REQUEST, "product id", 14 * DAY)
SUPPLIER_REQUEST = Topic("qos.supplier.request.v1", "supplier-request", Kind.REQUEST, "product id", 14 * DAY)
ESCALATION = Topic("qos.escalation.v1", "escalation", Kind.REQUEST, "product id", 14 * DAY)
DEAD_LETTERS = Topic("qos.dead-letter.v1", "dead-letter", Kind.DEAD_LETTER, "original key", 30 * DAY)
POLICY = Topic("qos.policy.v1", "policy", Kind.POLICY, "SHA-256 of the canonical policy")
INVENTORY = Topic("qos.inventory.v1", "inventory", Kind.INVENTORY, "object id/product id")
FOREIGN = Topic("qos.foreign.v1", "", Kind.FOREIGN, "whatever keeps a source's events in order", 14 * DAY)
INTAKE = Topic("qos.intake.v1", "intake", Kind.INTAKE, "partition number")
PARKED = Topic("qos.parked.v1", "parked", Kind.INTAKE, "topic/partition/offset/part of the foreign event")

ANCHOR = DEGRADATION
INPUTS = (DEGRADATION, COMMAND, ACTIVITY_STATUS, TROUBLE_STATUS, SUPPLIER_STATUS, DEADLINE)
STATE = (REPORT, WATCH, PARTITION)
REQUESTS = (ACTIVITY_REQUEST, TROUBLE_REQUEST, SUPPLIER_REQUEST, ESCALATION)
INTAKE_STATE = (INTAKE, PARKED)
BESIDE_INPUTS = (*INPUTS, *STATE, JOURNAL, *REQUESTS, DEAD_LETTERS)  # co-partitioned, of the worker
BESIDE_INTAKE = (FOREIGN, *INTAKE_STATE, DEGRADATION, TROUBLE_STATUS, SUPPLIER_STATUS, DEAD_LETTERS)
TOPICS = (*INPUTS, *STATE, JOURNAL, *REQUESTS, DEAD_LETTERS, POLICY, INVENTORY, FOREIGN, *INTAKE_STATE)
BY_RECORD = {topic.record: topic for topic in TOPICS if topic.record}


@dataclass(frozen=True, slots=True)
class Names:
    """Topic names under one prefix, both ways."""

    prefix: str

    def of(self, topic: Topic) -> str:
        """Return the full name of a topic."""
        return self.prefix + topic.name

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the six inputs' full names, the anchor first."""
        return tuple(self.of(topic) for topic in INPUTS)

    def topic(self, name: str) -> Topic:
        """Return the table's row for a full name. Raises KeyError."""
        return _by_name(self.prefix)[name]


@cache
def _by_name(prefix: str) -> dict[str, Topic]:
    return {prefix + topic.name: topic for topic in TOPICS}
