"""Foreign payloads, an inventory, and a partition of intake on a bench, for tests of the intake role."""

import json
from collections import Counter
from dataclasses import dataclass, field

from confluent_kafka import Message

from qosresolve.core.inputs import Degradation
from qosresolve.core.vocabulary import ObjectKind
from qosresolve.intake import detect
from qosresolve.intake.inventory import Inventory, Relation
from qosresolve.intake.parking import Parked
from qosresolve.intake.reading import Reading
from qosresolve.intake.rules import Rules
from qosresolve.intake.skew import Clocks
from qosresolve.intake.state import ForeignPosition, IntakeState
from qosresolve.kafka.incoming import Pairs
from qosresolve.kafka.intake.partition import Partition
from qosresolve.kafka.intake.shared import Read, Shared
from qosresolve.kafka.intake.staging import Staging
from qosresolve.kafka.outputs import Output
from qosresolve.topics import DEGRADATION, FOREIGN, INVENTORY, PARKED, Names, Topic
from tests.kafka.harness import PARTITIONS, RECORDS, World, wall_ms

NAMES = Names("bench.")
RULES = Rules()


def crossing(resource: str, sequence: int = 1, action: str = "SET", **changes: object) -> bytes:
    """Return a VES 7 threshold crossing of a resource, now."""
    return json.dumps(alert(resource, sequence, action, **changes)).encode()


def alert(resource: str, sequence: int = 1, action: str = "SET", **changes: object) -> dict[str, object]:
    """Return the same before it is JSON; `changes` are of the header."""
    at = wall_ms() * 1_000
    header = {
        "domain": "thresholdCrossingAlert",
        "eventId": f"tca-{resource}-{sequence}",
        "eventName": "tca_latency",
        "lastEpochMicrosec": at,
        "priority": "High",
        "reportingEntityName": "collector",
        "sequence": sequence,
        "sourceName": resource,
        "startEpochMicrosec": at,
        "version": "4.1",
        "vesEventListenerVersion": "7.1",
    }
    fields = {
        "additionalParameters": [
            {"criticality": "CRIT", "hashMap": {"latency": "120"}, "thresholdCrossed": "latency"}
        ],
        "alertAction": action,
        "alertDescription": "latency",
        "alertType": "INTERFACE-ANOMALY",
        "collectionTimestamp": "Mon, 30 Nov 2026 12:00:00 GMT",
        "eventSeverity": "NORMAL" if action == "CLEAR" else "CRITICAL",
        "eventStartTimestamp": "Mon, 30 Nov 2026 12:00:00 GMT",
        "thresholdCrossingFieldsVersion": "4.0",
    }
    return {"event": {"commonEventHeader": header | changes, "thresholdCrossingAlertFields": fields}}


def relation(resource: str, product: str, **changes: object) -> Relation:
    """Return a resource under a product."""
    return Relation(resource, ObjectKind.RESOURCE, product, **({"tier": "gold"} | changes))  # type: ignore[arg-type]


def relate(world: World, *relations: Relation) -> None:
    """Put relations into the inventory's topic."""
    for made in relations:
        world.send(INVENTORY, made.key, RECORDS.write_as("inventory", made), partition=0)
    world.flush()


def unrelate(world: World, made: Relation) -> None:
    """Take a relation out of it."""
    world.send(INVENTORY, made.key, None, partition=0)
    world.flush()


def events(world: World) -> list[Degradation]:
    """Return the degradation events that lie on their topic, partition by partition."""
    return [event_of(message.value() or b"") for message in world.messages(DEGRADATION)]


def event_of(value: bytes) -> Degradation:
    """Return an event."""
    found = RECORDS.read_input("degradation", value)
    assert isinstance(found, Degradation)
    return found


def parked(world: World) -> dict[str, Parked]:
    """Return what waits by key."""
    last = {message.key() or b"": message.value() for message in world.messages(PARKED)}
    return {key.decode(): RECORDS.read_as("parked", Parked, value) for key, value in last.items() if value}


def read_any(form: str, headers: Pairs, value: bytes) -> Reading:
    """Read a payload without rules."""
    return detect.read(form, headers, value, RULES)


@dataclass
class Bench:
    """A started partition of intake without a broker, and what it would write."""

    number: int = 0
    batch_records: int = 100
    limit: int = 1_000
    fold_ms: int = 0
    parked_ms: int = 60_000
    now: int = field(default_factory=wall_ms)
    read: Read = read_any
    staging: type[Staging] = Staging
    offsets: Counter[str] = field(default_factory=Counter)
    inventory: Inventory = field(default_factory=lambda: Inventory(RECORDS))
    shared: Shared = field(init=False)
    partition: Partition = field(init=False)

    def __post_init__(self) -> None:
        self.shared = Shared(
            partitions=PARTITIONS,
            names=NAMES,
            contracts=RECORDS,
            formats={NAMES.of(FOREIGN): "auto"},
            read=self.read,
            relations=self.inventory.relations,
            clocks=Clocks(300_000),
            wall_ms=lambda: self.now,
            fold_ms=self.fold_ms,
            parked_ms=self.parked_ms,
            parked_limit=self.limit,
            batch_records=self.batch_records,
            dead_letter_limit=1_000,
        )
        self.partition = Partition(self.number, 1, self.shared, self.staging)
        self.partition.start(IntakeState(self.number, (ForeignPosition(NAMES.of(FOREIGN), self.number, 0),)))

    def know(self, *relations: Relation) -> None:
        """Let the inventory learn of some relations, as the feed would."""
        for made in relations:
            self.partition.learned(self.inventory.put(made.key, RECORDS.write_as("inventory", made)))

    def message(
        self,
        value: bytes | None,
        headers: list[tuple[str, bytes | None]] | None = None,
        at: int | None = None,
    ) -> Message:
        """Return the next record of our foreign topic."""
        name = NAMES.of(FOREIGN)
        offset = self.offsets[name]
        self.offsets[name] += 1
        return Message(
            topic=name,
            partition=self.number,
            offset=offset,
            key=b"k",
            value=value,
            headers=headers,  # type: ignore[arg-type] # the stub knows no null header; the broker does
            timestamp=(2, self.now if at is None else at),
        )

    def take(self, *values: bytes | None) -> None:
        """Stage records with these values."""
        self.partition.take([self.message(value) for value in values])

    def commit(self, overdue_before: int | None = None) -> list[Output]:
        """Return what a confirmed transaction wrote; what waits goes on first, as in the role."""
        self.partition.settle(overdue_before)
        if not self.partition.staged:
            return []
        outputs = self.partition.outputs()
        self.partition.accept()
        return outputs


def of(outputs: list[Output], topic: Topic) -> list[Output]:
    """Return the outputs to one topic."""
    return [output for output in outputs if output.topic == NAMES.of(topic)]


def degradations(outputs: list[Output]) -> list[Degradation]:
    """Return the events among outputs."""
    return [event_of(output.value or b"") for output in of(outputs, DEGRADATION)]
