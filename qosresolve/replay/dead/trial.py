"""What today's code would make of a letter: the worker's own staging, on a copy of how things stand.

Nothing leaves this process. A record that ended a process is not given to it, it would end this one too.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from confluent_kafka import Message

from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.core.facts import DeadLettered, Entry
from qosresolve.core.inputs import Input
from qosresolve.core.partition import PartitionState
from qosresolve.core.policy import Policies, UnknownPolicyError
from qosresolve.core.record import record
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka.dead_letters import Brake
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.staging import Control, Shared, Staging
from qosresolve.kafka.windows import Windows
from qosresolve.replay.dead.later import is_control
from qosresolve.replay.dead.letters import Letter
from qosresolve.topics import Names

NO_BRAKE = 1 << 62


@record
class Decoded:
    """A letter read by today's code: the input it is, or what is wrong with it still."""

    letter: Letter
    body: Input | None = None
    error: str = ""
    remedy: str = ""
    tried: bool = True


@record
class Tried:
    """What became of a letter in the trial: its entry, or why there is none."""

    entry: Entry | None = None
    error: str = ""
    remedy: str = ""
    untried: str = ""

    @property
    def fails(self) -> bool:
        """True where it would be buried again."""
        return bool(self.error)


class Standing(Protocol):
    """How things stand, for the products that letters are about."""

    def case(self, product_id: str) -> Case:
        """Return a product's reports and watch."""

    def state(self, number: int) -> PartitionState | None:
        """Return what a partition remembers, None where no worker ever began it."""

    def policies(self, policy: str) -> Policies:
        """Return the policies with one of them active. Raises UnknownPolicyError."""


def decoded(letter: Letter, contracts: Contracts, names: Names) -> Decoded:
    """Return a letter as today's code reads it. Raises RetriableError while a registry is down."""
    if letter.spot.topic not in names.inputs:
        return Decoded(letter, tried=False)
    if letter.stage == "crash":
        return Decoded(letter, tried=False)
    if letter.value is None:
        return Decoded(letter, error="a record without a value", remedy="send no tombstones here")
    try:
        body = contracts.read_input(names.topic(letter.spot.topic).record, letter.value)
    except PoisonRecordError as error:
        return Decoded(letter, error=str(error), remedy=error.remedy)
    return Decoded(letter, body)


def target_of(letter: Letter, body: Input | None, partitions: int) -> int:
    """Return the partition a letter belongs to: its product's, and where it lay for what is of a partition.

    So it is for what cannot be read, too, and for topics of others: nobody knows how they are partitioned.
    """
    if body is None or is_control(body):
        return letter.spot.partition
    return partition_of(body.product_id, partitions)


class Trial:
    """Steps letters one after the other, each on what the one before left."""

    def __init__(
        self, names: Names, contracts: Contracts, partitions: int, standing: Standing, now: Callable[[], int]
    ) -> None:
        self._standing = standing
        self._now = now
        self._stagings: dict[int, Staging] = {}
        self._shared = Shared(partitions, names, contracts, standing.policies, 1, NO_BRAKE, 0)

    def of(self, read: Decoded) -> Tried:
        """Return what would become of a letter that was read."""
        letter = read.letter
        if not read.tried:
            return Tried(untried=_why_not(letter))
        if read.body is None:
            return Tried(error=read.error, remedy=read.remedy)
        number = target_of(letter, read.body, self._shared.partitions)
        staging = self._staging(number)
        if staging is None:
            return Tried(untried=f"not stepped: partition {number} follows no policy yet")
        try:
            staging.stage(_as_redriven(letter, number, self._now()), check_reports=True)
        except UnknownPolicyError as error:
            return Tried(
                error=f"it needs policy {error.policy_hash}, not published: its partition would stop",
                remedy="publish it first, with `qosresolve policy publish`",
            )
        return _outcome(staging.entries)

    def _staging(self, number: int) -> Staging | None:
        known = self._stagings.get(number)
        state = None if known is not None else self._standing.state(number)
        if state is not None and state.active_policy:
            control = Control(state.active_policy, Windows(state.windows))
            case, brake = self._standing.case, Brake(NO_BRAKE)
            known = self._stagings[number] = Staging(number, self._shared, case, control, brake)
        return known


def _why_not(letter: Letter) -> str:
    if letter.stage == "crash":
        return "not tried: it ended the process that took it"
    return f"not tried: {letter.spot.topic} is none of the worker's inputs"


def _as_redriven(letter: Letter, number: int, now: int) -> Message:
    return Message(
        topic=letter.spot.topic,
        partition=number,
        offset=letter.spot.offset,
        key=letter.key,
        value=letter.value,
        headers=list(letter.headers),
        timestamp=(2, now),
    )


def _outcome(entries: Sequence[Entry]) -> Tried:
    entry = entries[-1]
    dead = next((fact for fact in entry.facts if isinstance(fact, DeadLettered)), None)
    return Tried(entry, dead.error, dead.remedy) if dead else Tried(entry)
