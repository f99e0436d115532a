"""One partition on a bench: no broker, records as the client would hand them out, and a policy in memory."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from confluent_kafka import Message

from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Command, Deadline, Degradation
from qosresolve.core.partition import PartitionState, Position
from qosresolve.core.policy import Policies, UnknownPolicyError
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.outputs import Output
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.staging import Shared, Staging
from qosresolve.topics import COMMAND, DEADLINE, DEGRADATION, JOURNAL, Names, Topic
from tests.core.builders import POLICY
from tests.kafka.harness import PARTITIONS, RECORDS, wall_ms

NAMES = Names("bench.")
ROLES = {**POLICY.roles, "activate-policy": ("policy-manager",), "repair": ("operator",)}
POLICY_A = replace(POLICY, hash="a" * 64, roles=ROLES)
POLICY_B = replace(POLICY_A, hash="b" * 64, name="other")
HERE = partition_of("P1", PARTITIONS)
_TOPIC_OF = {Degradation: DEGRADATION, Command: COMMAND, Deadline: DEADLINE}


def products(count: int, number: int = HERE) -> list[str]:
    """Return products that belong to a partition."""
    found = (name for at in range(1, 10_000) if partition_of(name := f"P{at}", PARTITIONS) == number)
    return [next(found) for _ in range(count)]


@dataclass
class Bench:
    """A started partition and what it would write; `take` and `commit` are what the worker does."""

    known: dict[str, Policies] = field(default_factory=dict)
    limit: int = 1_000
    wait_s: float = 30.0
    active: str = POLICY_A.hash
    clock: Callable[[], int] = wall_ms
    staging: type[Staging] = Staging
    partition: Partition = field(init=False)
    offsets: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        both = {policy.hash: policy for policy in (POLICY_A, POLICY_B)}
        self.known = {policy.hash: Policies(policy, both) for policy in both.values()}
        shared = Shared(PARTITIONS, NAMES, RECORDS, self.policies, 100, self.limit, self.wait_s)
        self.partition = Partition(HERE, 1, shared, self.staging)
        positions = tuple(Position(topic, 0) for topic in NAMES.inputs)
        self.partition.start(PartitionState(HERE, positions, self.active))

    def policies(self, policy_hash: str) -> Policies:
        """Return what the policy book would."""
        if policy_hash not in self.known:
            raise UnknownPolicyError(policy_hash)
        return self.known[policy_hash]

    # -- records

    def raw(
        self,
        topic: Topic,
        value: bytes | None,
        key: bytes | None = b"P1",
        headers: list[tuple[str, bytes | None]] | None = None,
    ) -> Message:
        """Return the next record of a topic."""
        name = NAMES.of(topic)
        offset = self.offsets[name]
        self.offsets[name] += 1
        return Message(
            topic=name,
            partition=HERE,
            offset=offset,
            key=key,
            value=value,
            headers=headers,  # type: ignore[arg-type] # the stub knows no null header; the broker does
            timestamp=(2, self.clock()),
        )

    def record(
        self, body: Degradation | Command | Deadline, headers: list[tuple[str, bytes | None]] | None = None
    ) -> Message:
        """Return an input as the next record of its topic."""
        value = RECORDS.write_input(body)[1]
        return self.raw(_TOPIC_OF[type(body)], value, body.product_id.encode(), headers)

    # -- what the worker does

    def take(self, *messages: Message, now: float = 0.0) -> None:
        """Stage records."""
        for message in messages:
            self.partition.take(message, now)

    def commit(self) -> list[Output]:
        """Return what a confirmed transaction wrote."""
        return self.commit_staging()[0]

    def commit_staging(self) -> tuple[list[Output], Staging]:
        """Return what a confirmed transaction wrote, and the batch it came of."""
        outputs = self.partition.outputs()
        return outputs, self.partition.accept(outputs)


def of(outputs: list[Output], topic: Topic) -> list[Output]:
    """Return the outputs to one topic."""
    return [output for output in outputs if output.topic == NAMES.of(topic)]


def journal(outputs: list[Output]) -> list[Entry]:
    """Return the journal entries among outputs."""
    return [RECORDS.read_entry(output.value or b"") for output in of(outputs, JOURNAL)]
