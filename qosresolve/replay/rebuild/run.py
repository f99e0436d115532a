"""A rebuild: partition by partition, compare with the journal, and write what differs in transactions.

There is no record of how far it is: the next run compares again and finds most of it done.
"""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from confluent_kafka import Message

from qosresolve.contracts.records import Contracts
from qosresolve.core.partition import PartitionState, TopicIdentity
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka import clients
from qosresolve.kafka.offsets import Place, ends, patiently, starts
from qosresolve.kafka.outputs import Output, Writer
from qosresolve.kafka.positions import identities
from qosresolve.kafka.reading import read_all
from qosresolve.replay.differences import Mismatch, Name
from qosresolve.replay.folding import Folding
from qosresolve.replay.rebuild import target
from qosresolve.replay.rebuild.alone import Alone
from qosresolve.replay.rebuild.plan import Change, Lying, Plan, Planning, alarm_of
from qosresolve.replay.rebuild.positions import Remembering
from qosresolve.replay.rebuild.writing import Writing
from qosresolve.replay.reports import key_of, latest, places, split
from qosresolve.replay.verify import Counted, Progress, Scope
from qosresolve.settings import Settings
from qosresolve.topics import DEADLINE, JOURNAL, PARTITION, REPORT, STATE, WATCH, Names

CHUNK = 1_000  # records of a transaction
FIRST = 20  # differences that are told of a partition


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be done: into a prefix, or in place where there is none.

    `positions`: partition records that were lost are told from the journal too. `resume`: the topics of the
    prefix may hold an earlier rebuild.
    """

    into: str | None = None
    products: frozenset[str] = frozenset()
    positions: bool = False
    resume: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One partition: counts of records, the first differences, and what to know beside that."""

    partition: int
    entries: int
    equal: int
    written: int
    removed: int
    unprovable: tuple[str, ...]
    first: tuple[Mismatch, ...]
    notes: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Tell whether something was, or would be, written."""
        return bool(self.written or self.removed)


def rebuild(
    settings: Settings, contracts: Contracts, wishes: Wishes, progress: Progress | None = None
) -> Iterator[Rebuilt]:
    """Yield each partition once it is done.

    Raises ConfigError where it may not begin, FatalError, FencedError and RetriableError where it cannot go
    on; what was yielded is done then.
    """
    rebuilding = _Rebuilding(settings, contracts, wishes)
    with ExitStack() as stack:
        rebuilding.begin(stack)
        yield from rebuilding.partitions(progress)


class _Rebuilding:
    """One run."""

    def __init__(self, settings: Settings, contracts: Contracts, wishes: Wishes) -> None:
        self._settings = settings
        self._contracts = contracts
        self._wishes = wishes
        self._journal = Names(settings.prefix).of(JOURNAL)
        self._names = Names(settings.prefix if wishes.into is None else wishes.into)
        self._writer = Writer(self._names, contracts)
        self._admin = clients.admin(settings)
        self._scope = Scope(wishes.products)
        self._count = len(places(settings, JOURNAL))
        self._there = True
        self._alone: Alone | None = None
        self._writing: Writing | None = None
        self._remembered: Remembered | None = None

    @property
    def _whole(self) -> bool:
        """Tell whether the partitions' own records matter: in place, and of all products."""
        return self._wishes.into is None and not self._wishes.products

    def begin(self, stack: ExitStack) -> None:
        """Make the topics, or be alone in the group; from then on nobody else writes."""
        wishes, settings = self._wishes, self._settings
        if wishes.into is not None:
            self._there = target.prepared(
                settings, wishes.into, self._count, resume=wishes.resume, dry_run=wishes.dry_run
            )
        if wishes.dry_run:
            return
        if wishes.into is None:
            self._alone = stack.enter_context(Alone(settings, self._count))
        self._writing = stack.enter_context(Writing(settings, self._alone))

    def partitions(self, progress: Progress | None) -> Iterator[Rebuilt]:
        """Yield each partition once it is done."""
        if self._whole:
            self._remembered = Remembered(self._settings, self._contracts)
        numbers = self._scope.partitions(self._count)
        everything = [place for number in numbers for place in self._places(number)]
        first = patiently(lambda: starts(self._admin, everything))  # new topics take a moment
        counted = Counted(progress, first, patiently(lambda: ends(self._admin, everything)))
        for number in numbers:
            yield self._partition(number, counted)

    def _places(self, number: int) -> list[Place]:
        return [*self._state(number), (self._journal, number)]

    def _state(self, number: int) -> list[Place]:
        return [(self._names.of(topic), number) for topic in (REPORT, WATCH)] if self._there else []

    def _partition(self, number: int, counted: Counted) -> Rebuilt:
        journal = (self._journal, number)
        stored = self._stored(number, counted.part(self._state(number)))
        folding, remembering = self._folded(journal, counted)
        plan = Planning(number, self._contracts, self._writer).plan(folding, stored)
        record, notes = None, list[str]()
        if self._remembered is not None and folding.entries:
            record, notes = self._remembered.record(number, remembering, positions=self._wishes.positions)
        if counted.first[journal] > 0:
            notes.append(
                f"the journal begins at {counted.first[journal]}: what was opened before is left as it is"
            )
        if self._writing is not None:
            _write(self._writing, self._writer, number, plan, record)
        return _told(number, folding, plan, notes, record)

    def _read(self, where: list[Place], progress: Progress) -> Iterator[Message]:
        """Yield what lies there; the group hears of us meanwhile."""
        for number, message in enumerate(read_all(self._settings, where, progress=progress)):
            if self._alone is not None and number % CHUNK == 0:
                self._alone.check()
            yield message

    def _stored(self, number: int, progress: Progress) -> dict[Name, Lying]:
        """Return what lies on the topics that are written to."""
        stored: dict[Name, Lying] = {}
        watches = self._names.of(WATCH)
        for message in self._read(self._state(number), progress):
            key, value = key_of(message), message.value()
            name: Name = (key, "") if message.topic() == watches else split(key)
            if not self._scope.has(name[0]):
                continue
            if value is None:
                stored.pop(name, None)
            else:
                stored[name] = Lying(value, alarm_of(message.headers()))
        return stored

    def _folded(self, journal: Place, counted: Counted) -> tuple[Folding, Remembering]:
        folding, remembering = Folding(shortened=counted.first[journal] > 0), Remembering()
        for message in self._read([journal], counted.part([journal])):
            if self._scope.has(key_of(message)):
                entry = self._contracts.read_entry(message.value() or b"")
                folding.take(entry)
                remembering.take(entry)
        return folding, remembering


class Remembered:
    """What the partitions' own records say, and whether they have to be written."""

    def __init__(self, settings: Settings, contracts: Contracts) -> None:
        self._names = Names(settings.prefix)
        self._admin = clients.admin(settings)
        self._states: dict[int, PartitionState] = {}
        for key, value in latest(settings, places(settings, PARTITION)).items():
            with suppress(PoisonRecordError):  # as good as lost
                self._states[int(key)] = contracts.read_partition(value)
        topics = [*self._names.inputs, *(self._names.of(topic) for topic in STATE)]
        self._ids = identities(self._admin, topics)

    def record(
        self, number: int, remembering: Remembering, *, positions: bool
    ) -> tuple[PartitionState | None, list[str]]:
        """Return the record to write, None for none, and what to say of it.

        One that is there keeps its positions. It only learns the topics that it lies beside now: those that
        were made anew and are rebuilt are right again.
        """
        known = self._states.get(number)
        if known is not None:
            ids = self._learned(known)
            if ids == known.topic_ids:
                return None, []
            return replace(known, topic_ids=ids), ["its record now knows the topics that were made anew"]
        if not positions:
            return None, ["it has no record of its positions: no worker starts before --positions made one"]
        first = starts(self._admin, [(topic, number) for topic in self._names.inputs])
        made = remembering.state(number, {topic: at for (topic, _), at in first.items()}, self._ids)
        told = ", ".join(f"{position.topic} {position.next_offset}" for position in made.positions)
        return made, [f"its record was lost; the journal tells its positions: {told}"]

    def _learned(self, known: PartitionState) -> tuple[TopicIdentity, ...]:
        state = {self._names.of(topic) for topic in STATE}
        return tuple(
            TopicIdentity(item.topic, self._ids[item.topic] if item.topic in state else item.id)
            for item in known.topic_ids
        )


def _write(writing: Writing, writer: Writer, number: int, plan: Plan, record: PartitionState | None) -> None:
    """Write the partition's own record last: before that no worker would start."""
    for chunk in _chunks(plan.changes):
        writing.commit(number, [change.output for change in chunk])
    if record is not None:
        writing.commit(number, [_output(writer, record)])


def _output(writer: Writer, record: PartitionState) -> Output:
    deadlines = next(at.next_offset for at in record.positions if at.topic.endswith(DEADLINE.name))
    return writer.partition(record, deadlines)


def _chunks(changes: tuple[Change, ...]) -> Iterator[tuple[Change, ...]]:
    return (changes[at : at + CHUNK] for at in range(0, len(changes), CHUNK))


def _told(
    number: int, folding: Folding, plan: Plan, notes: list[str], record: PartitionState | None
) -> Rebuilt:
    removed = sum(change.removes for change in plan.changes)
    return Rebuilt(
        number,
        folding.entries,
        plan.equal,
        len(plan.changes) - removed + (record is not None),
        removed,
        plan.unprovable,
        tuple(change.mismatch for change in plan.changes[:FIRST]),
        tuple(notes),
    )
