"""The one table of rights: which ACLs of Kafka's each role needs, and nothing beyond.

Pure data and what is derived from it by name. It drives `qosresolve acls`, the check at a role's start, the
table in docs/security.md and the manifests. Who may send which order to whom is not here: the policy says so.

What Kafka grants along: Read and Write bring Describe. No role needs anything of the cluster: an idempotent
producer may start with Write on any topic, a transactional one with Write on its id.
"""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from qosresolve.topics import (
    COMMAND,
    DEAD_LETTERS,
    DEADLINE,
    DEGRADATION,
    ESCALATION,
    FOREIGN,
    INPUTS,
    INTAKE_STATE,
    INVENTORY,
    JOURNAL,
    PARKED,
    PARTITION,
    POLICY,
    REPORT,
    REQUESTS,
    STATE,
    SUPPLIER_STATUS,
    TOPICS,
    TROUBLE_STATUS,
    Names,
    Topic,
)

if TYPE_CHECKING:
    from qosresolve.settings import Settings


class Role(StrEnum):
    """Who talks to Kafka: processes, and tools by what they do."""

    WORKER = "worker"
    TIMER = "timer"
    AUDITOR = "auditor"
    INTAKE = "intake"
    NOTIFY = "notify"
    LOOK = "look"
    REPLAY = "replay"
    SHADOW = "shadow"
    EMIT = "emit"
    ORDERS = "orders"
    POLICY = "policy"
    WINDOWS = "windows"
    PARKED = "parked"
    INVENTORY = "inventory"
    DEAD_LETTERS = "dead-letters"
    REBUILD = "rebuild"
    TOPICS = "topics"
    DOCTOR = "doctor"


COMMANDS = {
    Role.WORKER: "run worker",
    Role.TIMER: "run timer",
    Role.AUDITOR: "run auditor",
    Role.INTAKE: "run intake",
    Role.NOTIFY: "run notify",
    Role.LOOK: "verify; reports list, show, explain, follow, export, stats; policy show; windows list",
    Role.REPLAY: "replay",
    Role.SHADOW: "replay --into, under the prefix of the shadow topics",
    Role.EMIT: "emit",
    Role.ORDERS: "reports open, acknowledge, hold... (whatever orders something); repair",
    Role.POLICY: "policy publish, activate, show",
    Role.WINDOWS: "windows set, lift, list",
    Role.PARKED: "parked list, show, retry",
    Role.INVENTORY: "inventory load, diff, show, export",
    Role.DEAD_LETTERS: "dead-letters list, show, redrive, discard",
    Role.REBUILD: "rebuild --in-place",
    Role.TOPICS: "topics create, check",
    Role.DOCTOR: "doctor",
}
# What the transactional ids of tools end with: no worker's slot may be named so.
INVENTORY_SLOT = "inventory"
DEAD_LETTERS_SLOT = "dead-letters"
REBUILD_SLOT = "rebuild"


class Resource(StrEnum):
    """What an ACL is about, in Kafka's words."""

    TOPIC = "Topic"
    GROUP = "Group"
    TRANSACTIONAL_ID = "TransactionalId"


class Pattern(StrEnum):
    """How its name is compared."""

    LITERAL = "LITERAL"
    PREFIXED = "PREFIXED"


class Operation(StrEnum):
    """What it allows."""

    READ = "Read"
    WRITE = "Write"
    CREATE = "Create"
    DESCRIBE = "Describe"
    DESCRIBE_CONFIGS = "DescribeConfigs"


@dataclass(frozen=True, slots=True)
class Acl:
    """One right, or some on the same resource; `why` says what for."""

    resource: Resource
    name: str
    pattern: Pattern
    operations: tuple[Operation, ...]
    why: str

    def single(self) -> Iterator["Acl"]:
        """Yield one for each operation: so Kafka keeps them."""
        for operation in self.operations:
            yield Acl(self.resource, self.name, self.pattern, (operation,), self.why)


class Group(StrEnum):
    """Which consumer group: the name is the setting `group` with something behind it."""

    WORKERS = ""
    TIMERS = "-timer"
    AUDITORS = "-auditor"
    INTAKES = "-intake"
    NOTIFIERS = "-notify"


def group_of(group: Group, settings: "Settings") -> str:
    """Return a group's full name; each receiver of escalations has one of its own."""
    named = group is Group.NOTIFIERS and settings.notify_name
    return settings.group + group + (f"-{settings.notify_name}" if named else "")


@dataclass(frozen=True, slots=True)
class OwnIds:
    """The transactional ids that begin with the setting `transactional_id_prefix`, and `more` behind it."""

    more: str = ""


@dataclass(frozen=True, slots=True)
class ForeignTopics:
    """The topics of the setting `intake_topics`."""


@dataclass(frozen=True, slots=True)
class OwnId:
    """The one transactional id that is that setting with a slot behind it."""

    slot: str


@dataclass(frozen=True, slots=True)
class Need:
    """A row of the table, before prefix and group are known."""

    subject: Topic | Group | OwnIds | OwnId | ForeignTopics
    operations: tuple[Operation, ...]
    why: str


_READ, _WRITE = (Operation.READ,), (Operation.WRITE,)
_BOTH = (Operation.READ, Operation.WRITE)
# A consumer asks where its group is looked after even if it never joins.
_NAMED = Need(Group.WORKERS, (Operation.DESCRIBE,), "reading: the client asks for the group's coordinator")
_DECISIONS = Need(JOURNAL, _READ, "waiting for the decision")
_LOOKED_INTO = (
    *INPUTS,
    *STATE,
    POLICY,
    DEAD_LETTERS,
    PARKED,
)  # by the doctor; of the others it asks the brokers


def _each(topics: Iterable[Topic], operations: tuple[Operation, ...], why: str) -> tuple[Need, ...]:
    return tuple(Need(topic, operations, why) for topic in topics)


TABLE: dict[Role, tuple[Need, ...]] = {
    Role.WORKER: (
        *_each(INPUTS, _BOTH, "taking inputs; sending on those of another partition"),
        *_each(STATE, _BOTH, "keeping state; restoring it"),
        Need(JOURNAL, _WRITE, "every decision"),
        *_each(REQUESTS, _WRITE, "asking others"),
        Need(DEAD_LETTERS, _WRITE, "records that cannot be taken"),
        Need(POLICY, _BOTH, "knowing policies; publishing the configured one"),
        Need(Group.WORKERS, _READ, "sharing partitions; committing offsets"),
        Need(OwnIds(), _WRITE, "transactions; whoever may write here can fence the workers"),
    ),
    Role.TIMER: (
        *_each(STATE, _READ, "alarms, and how far deadlines were taken"),
        Need(DEADLINE, _WRITE, "firing"),
        Need(Group.TIMERS, _READ, "sharing partitions"),
    ),
    Role.AUDITOR: (
        Need(JOURNAL, _READ, "folding"),
        *_each(STATE, _READ, "comparing"),
        Need(Group.AUDITORS, _READ, "sharing partitions"),
    ),
    Role.INTAKE: (
        Need(FOREIGN, _READ, "taking what others send"),
        Need(ForeignTopics(), _READ, "taking what others send"),
        Need(INVENTORY, _READ, "finding products"),
        *_each(INTAKE_STATE, _BOTH, "keeping positions and what waits; restoring them"),
        Need(DEGRADATION, _WRITE, "what it means for products"),
        *_each((TROUBLE_STATUS, SUPPLIER_STATUS), _WRITE, "answers of neighbours"),
        Need(DEAD_LETTERS, _WRITE, "records that cannot be taken"),
        Need(Group.INTAKES, _READ, "sharing partitions; committing offsets"),
        Need(OwnIds("intake-"), _WRITE, "transactions; whoever may write here can fence intake"),
    ),
    Role.NOTIFY: (
        Need(ESCALATION, _READ, "what is to be told"),
        Need(DEAD_LETTERS, _WRITE, "what the receiver refuses for good"),
        Need(Group.NOTIFIERS, _READ, "sharing partitions; committing offsets"),
    ),
    Role.LOOK: (
        Need(JOURNAL, _READ, "folding, explaining"),
        *_each(STATE, _READ, "showing, comparing"),
        Need(POLICY, _READ, "explaining"),
        _NAMED,
    ),
    Role.REPLAY: (
        *_each(INPUTS, _READ, "taking inputs again"),
        Need(JOURNAL, _READ, "what was decided, and in which order"),
        Need(REPORT, _READ, "finding a report"),
        Need(PARTITION, _READ, "windows that are older than the journal"),
        Need(POLICY, _READ, "deciding under the policies of then"),
        _NAMED,
    ),
    Role.SHADOW: (
        *_each(
            (*STATE, JOURNAL, *REQUESTS, DEAD_LETTERS, POLICY),
            (Operation.CREATE, Operation.WRITE),
            "making shadow topics; writing what would have been written",
        ),
    ),
    Role.EMIT: (*_each(INPUTS, _WRITE, "sending"), _DECISIONS, _NAMED),
    Role.ORDERS: (
        Need(COMMAND, _WRITE, "ordering"),
        *_each(STATE, _READ, "finding what the order is about"),
        Need(POLICY, _READ, "rehearsing it"),
        _DECISIONS,
        _NAMED,
    ),
    Role.POLICY: (
        Need(POLICY, _BOTH, "publishing; finding a hash"),
        Need(COMMAND, _WRITE, "ordering"),
        Need(PARTITION, _READ, "showing what is active"),
        _NAMED,
    ),
    Role.WINDOWS: (
        Need(COMMAND, _WRITE, "ordering"),
        Need(PARTITION, _READ, "showing windows"),
        Need(REPORT, _READ, "showing what a window would cover"),
        _DECISIONS,
        _NAMED,
    ),
    Role.PARKED: (
        Need(PARKED, _READ, "showing what waits"),
        Need(FOREIGN, _WRITE, "having it read again"),
        _NAMED,
    ),
    Role.INVENTORY: (
        Need(INVENTORY, _BOTH, "showing; comparing, then writing what differs"),
        Need(OwnId(INVENTORY_SLOT), _WRITE, "a load is one transaction"),
        _NAMED,
    ),
    Role.DEAD_LETTERS: (
        Need(DEAD_LETTERS, _BOTH, "showing; saying what was decided"),
        *_each((*INPUTS, FOREIGN), _WRITE, "sending again"),
        Need(JOURNAL, _READ, "was anything later applied; waiting for the decision"),
        *_each(STATE, _READ, "trying beforehand"),
        Need(POLICY, _READ, "trying beforehand"),
        Need(OwnId(DEAD_LETTERS_SLOT), _WRITE, "a record and its resolution are one transaction"),
        _NAMED,
    ),
    Role.REBUILD: (
        Need(JOURNAL, _READ, "folding"),
        *_each(STATE, _BOTH, "comparing, then writing what differs"),
        *_each(INPUTS, _READ, "knowing them; where they begin"),
        Need(Group.WORKERS, _READ, "being its only member; its offsets travel along"),
        Need(OwnId(REBUILD_SLOT), _WRITE, "transactions"),
    ),
    Role.TOPICS: (
        *_each(INPUTS, (Operation.CREATE, Operation.DESCRIBE_CONFIGS, Operation.READ), "first offsets too"),
        *_each(
            (topic for topic in TOPICS if topic not in INPUTS),
            (Operation.CREATE, Operation.DESCRIBE_CONFIGS, Operation.DESCRIBE),
            "making and checking",
        ),
        Need(Group.WORKERS, _READ, "writing the group's first offsets"),
    ),
    Role.DOCTOR: (
        *_each(_LOOKED_INTO, (Operation.DESCRIBE_CONFIGS, Operation.READ), "options, ends, what lies there"),
        *_each(
            (topic for topic in TOPICS if topic not in _LOOKED_INTO),
            (Operation.DESCRIBE_CONFIGS, Operation.DESCRIBE),
            "options, ends",
        ),
        *(Need(group, (Operation.DESCRIBE,), "who is in it, how far it is") for group in Group),
    ),
}


def acls(role: Role, settings: "Settings") -> list[Acl]:
    """Return the rights of a role under these names: prefix, group, transactional ids."""
    return [acl for need in TABLE[role] for acl in _acls(need, settings)]


def _acls(need: Need, settings: "Settings") -> Iterator[Acl]:
    if isinstance(need.subject, ForeignTopics):
        for name in settings.intake_topics:
            if name != Names(settings.prefix).of(FOREIGN):
                yield Acl(Resource.TOPIC, name, Pattern.LITERAL, need.operations, need.why)
    else:
        yield _named(need.subject, need, settings)


def _named(subject: Topic | Group | OwnIds | OwnId, need: Need, settings: "Settings") -> Acl:
    match subject:
        case Topic() as topic:
            found = Resource.TOPIC, Names(settings.prefix).of(topic), Pattern.LITERAL
        case Group() as group:
            found = Resource.GROUP, group_of(group, settings), Pattern.LITERAL
        case OwnIds(more):
            found = Resource.TRANSACTIONAL_ID, settings.transactional_id_prefix + more, Pattern.PREFIXED
        case OwnId(slot):
            found = Resource.TRANSACTIONAL_ID, settings.transactional_id_prefix + slot, Pattern.LITERAL
    return Acl(*found, need.operations, need.why)


_OPTION = {
    Resource.TOPIC: "--topic",
    Resource.GROUP: "--group",
    Resource.TRANSACTIONAL_ID: "--transactional-id",
}


def grant(acl: Acl, principal: str, bootstrap: str) -> str:
    """Return the command of Kafka's own that grants it, by somebody who may: admin.properties says who."""
    words = ["kafka-acls.sh", "--bootstrap-server", bootstrap, "--command-config", "admin.properties"]
    words += ["--add", "--allow-principal", principal]
    words += [word for operation in acl.operations for word in ("--operation", operation)]
    words += [_OPTION[acl.resource], acl.name]
    if acl.pattern is Pattern.PREFIXED:
        words += ["--resource-pattern-type", "prefixed"]
    return shlex.join(words)
