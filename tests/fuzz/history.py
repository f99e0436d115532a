"""One history of records through the real path, and what must hold of every batch of it.

Take, settle, commit, now and then abort and take again: what the worker does, without a broker. No exception
leaves the path but those that say that the record is not at fault.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from confluent_kafka import Message

from qosresolve.contracts import headers as head
from qosresolve.core.case import Case
from qosresolve.core.facts import DeadLettered, Entry
from qosresolve.core.fold import fold
from qosresolve.core.partition import PartitionState, Position
from qosresolve.core.policy import UnknownPolicyError
from qosresolve.core.vocabulary import Outcome
from qosresolve.errors import RetriableError
from qosresolve.kafka.cases import CaseStore
from qosresolve.kafka.dead_letters import PREFIX
from qosresolve.kafka.incoming import LEFT_OUT
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.outputs import REPORT_CAPS, TIMED, WATCH_CAPS, Output
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.staging import FORWARDED_BYTES, FORWARDED_FROM
from qosresolve.topics import (
    DEAD_LETTER_BYTES,
    DEAD_LETTERS,
    DEGRADATION,
    JOURNAL,
    PARTITION,
    REPORT,
    REQUESTS,
    WATCH,
)
from tests.fuzz import world
from tests.fuzz.pools import CANARY
from tests.fuzz.samples import ABORT, Sample
from tests.kafka.bench import HERE, NAMES, Bench
from tests.kafka.harness import PARTITIONS, RECORDS

MOST_BYTES = 1_000_000  # of an output: less than what a topic takes that says nothing else
Place = tuple[str, int]
_INPUTS = frozenset(NAMES.inputs)
_REQUESTS = {NAMES.of(topic): topic.record for topic in REQUESTS}
_DEADLINES = NAMES.inputs[-1]


@dataclass
class History:
    """A partition on its way through records; `outcomes` counts what became of them."""

    registry: world.Registry | None = None
    outcomes: Counter[str] = field(default_factory=Counter)
    cases: dict[str, Case] = field(default_factory=dict)  # the fold of the journal
    letters: int = 0
    _known: dict[Place, tuple[Sample, Message]] = field(default_factory=dict)
    _open: list[Place] = field(default_factory=list)  # taken, not committed
    _clock: float = 0.0

    def __post_init__(self) -> None:
        bench = Bench(limit=10**9, active=min(world.policies()))
        bench.known = world.known()
        contracts = self.registry.contracts if self.registry else RECORDS
        shared = replace(bench.partition._shared, contracts=contracts)
        self.bench = bench
        self.partition = Partition(HERE, 1, shared)
        positions = tuple(Position(topic, 0) for topic in NAMES.inputs)
        self.partition.start(PartitionState(HERE, positions, bench.active))
        self._raw: dict[str, dict[str, bytes | None]] = {NAMES.of(REPORT): {}, NAMES.of(WATCH): {}}

    def run(self, samples: Iterable[Sample]) -> None:
        """Take records and judge, to the end."""
        for sample in samples:
            self.take(sample)
            if sample.ends:
                self.end(abort=sample.ends == ABORT)
        self.finish()

    # -- as the worker does it

    def take(self, sample: Sample) -> None:
        """Take one record; what it waits for comes, and all is taken again."""
        place = (sample.name, sample.offset)
        self._known[place] = (sample, sample.message())
        self._open.append(place)
        if self.registry is not None:
            self.registry.down = sample.down
        while True:
            try:
                self._again() if self._rewound else self._take(place)
            except UnknownPolicyError as error:  # somebody publishes it
                self.bench.known[error.policy_hash] = next(iter(self.bench.known.values()))
            except RetriableError:
                assert self.registry is not None, "nothing is down"
                assert self.registry.down, "nothing is down"
                self.registry.down = False  # it comes back
            else:
                return
            self._rewind()

    _rewound: bool = False

    def _take(self, place: Place) -> None:
        self.partition.take(self._known[place][1], self._clock)

    def _again(self) -> None:
        for place in self._open:
            self._take(place)
        self._rewound = False

    def _rewind(self) -> None:
        """Go back to the committed positions, from where all that is open comes again."""
        positions = self.partition.rewind()
        assert all(offset >= positions[topic] for topic, offset in self._open), "passed, and not committed"
        self._rewound = True

    def end(self, *, abort: bool = False) -> None:
        """Commit what is staged; or abort, and commit it when it was taken again."""
        if abort:
            before = self._written()
            self._rewind()
            self._again()
            assert self._written() == before, "the same batch gives something else"
        outputs = self._written()
        if not self.partition.staged:
            return
        self._judge(outputs, self.partition.accept(outputs).entries)

    def _written(self) -> list[Output]:
        backlog = dict.fromkeys(self.partition.backlog, 0)
        if self.partition.unasked:
            self.partition.asked(backlog | {NAMES.of(DEGRADATION): 1 << 62})
        self._settle()
        return self.partition.outputs() if self.partition.staged else []

    def _settle(self) -> None:
        if self.registry is not None:
            self.registry.down = False
        while True:
            try:
                return self.partition.settle(self._clock)
            except UnknownPolicyError as error:
                self.bench.known[error.policy_hash] = next(iter(self.bench.known.values()))

    def finish(self) -> None:
        """Let what waits go, and look at the whole."""
        self._clock += 1e6
        if self.registry is not None:
            self.registry.down = False
        self.end()
        assert not self._open, f"never taken: {self._open[:3]}"
        self._whole()

    # -- what must hold

    def _judge(self, outputs: list[Output], entries: list[Entry]) -> None:
        by_topic: dict[str, list[Output]] = {}
        for output in outputs:
            by_topic.setdefault(output.topic, []).append(output)
        self._journal(by_topic.pop(NAMES.of(JOURNAL)), entries)
        self._letters(by_topic.pop(NAMES.of(DEAD_LETTERS), []), entries)
        forwarded = [output for topic in _INPUTS for output in by_topic.pop(topic, [])]
        self._forwarded(forwarded, entries)
        self._state(by_topic)
        for topic, record in _REQUESTS.items():
            for output in by_topic.pop(topic, []):
                request = RECORDS.read_request(record, output.value or b"")
                assert output.key == request.context.product_id.encode()
        assert not by_topic, f"outputs to {list(by_topic)}"
        for output in outputs:
            if output.topic != NAMES.of(DEAD_LETTERS):
                assert _size(output) < MOST_BYTES, f"{_size(output)} bytes to {output.topic}"

    def _journal(self, outputs: list[Output], entries: list[Entry]) -> None:
        """Every input that was taken has its one entry, in order, and it reads as it was."""
        assert [RECORDS.read_entry(output.value or b"") for output in outputs] == entries
        last: dict[str, int] = {}
        for entry in entries:
            place = (entry.cause.topic, entry.cause.offset)
            assert entry.cause.partition == HERE
            assert place in self._open, f"taken twice: {place}"
            self._open.remove(place)
            assert entry.cause.offset > last.get(entry.cause.topic, -1), "out of order"
            last[entry.cause.topic] = entry.cause.offset
            self.outcomes[f"{entry.cause.topic.removeprefix(NAMES.prefix)} {entry.outcome}"] += 1
            if entry.outcome is not Outcome.DEAD_LETTER and entry.product_id:
                case = self.cases.get(entry.product_id) or Case(entry.product_id)
                self.cases[entry.product_id] = fold(case, entry)

    def _letters(self, outputs: list[Output], entries: list[Entry]) -> None:
        """Every dead letter is its record, byte for byte, and tells nothing of what it holds."""
        dead = [entry for entry in entries if entry.outcome is Outcome.DEAD_LETTER]
        for entry, letter in zip(dead, outputs, strict=True):
            sample, _ = self._known[entry.cause.topic, entry.cause.offset]
            said = dict(letter.headers)
            (fact,) = entry.facts
            assert isinstance(fact, DeadLettered)
            assert fact.stage in ("decode", "validate", "size"), f"{fact.stage}: {fact.error}"
            assert fact.size == len(sample.value or b"")
            if fact.stage == "size" and entry.cause.topic == _DEADLINES:
                assert _size(letter) > FORWARDED_BYTES, "a deadline of what is full was buried"
            assert said[f"{PREFIX}offset"] == str(sample.offset).encode()
            ours = [str(item) for _, item in letter.headers[-7:]]
            assert not any(CANARY in text for text in (fact.error, fact.remedy, *ours)), "tells the payload"
            assert _size(letter) < DEAD_LETTER_BYTES
            if LEFT_OUT in said and not sample.holed:
                assert letter.value is None
            else:
                assert (letter.key, letter.value) == (sample.key, sample.value)
            if LEFT_OUT not in said:
                assert tuple(letter.headers[: len(sample.headers)]) == sample.headers
        self.letters += len(outputs)

    def _forwarded(self, outputs: list[Output], entries: list[Entry]) -> None:
        sent = [entry for entry in entries if entry.outcome is Outcome.FORWARDED]
        assert len(sent) == len(outputs)
        values = Counter(self._known[entry.cause.topic, entry.cause.offset][0].value for entry in sent)
        assert Counter(output.value for output in outputs) == values
        for output in outputs:
            product = (output.key or b"").decode()
            assert output.partition == partition_of(product, PARTITIONS) != HERE
            assert output.headers[-1][0] == FORWARDED_FROM

    def _state(self, by_topic: dict[str, list[Output]]) -> None:
        for name, reports in ((NAMES.of(REPORT), True), (NAMES.of(WATCH), False)):
            for output in by_topic.pop(name, []):
                key = (output.key or b"").decode()
                assert output.partition == HERE
                self._raw[name][key] = output.value
                if output.value is None:
                    continue
                assert len(output.value) <= (REPORT_CAPS if reports else WATCH_CAPS)[TIMED]
                kept = RECORDS.read_report(output.value) if reports else RECORDS.read_watch(output.value)
                alarm = head.read_alarm(list(output.headers))
                assert (alarm.due if alarm else None) == kept.due
        (record,) = by_topic.pop(NAMES.of(PARTITION))
        state = RECORDS.read_partition(record.value or b"")
        assert state == self.partition.state
        assert {at.topic: at.next_offset for at in state.positions} == self.partition.positions

    def _whole(self) -> None:
        """The fold of the journal, what is held in memory, and what a restore would find are one."""
        restored = CaseStore(RECORDS, 1_000)
        for key, value in self._raw[NAMES.of(REPORT)].items():
            restored.put_report(key, value)
        for key, value in self._raw[NAMES.of(WATCH)].items():
            restored.put_watch(key, value)
        for product, case in self.cases.items():
            held = self.partition.store.get(product)
            assert _sorted(held) == _sorted(case), f"the journal tells something else of {product}"
            assert _sorted(restored.get(product)) == _sorted(held), (
                f"a restore finds something else of {product}"
            )
        assert set(restored.products()) <= set(self.cases)


def _sorted(case: Case) -> Case:
    return Case(case.product_id, case.watch, tuple(sorted(case.reports, key=lambda report: report.report_id)))


def _size(output: Output) -> int:
    headers = sum(len(name) + len(held or b"") + 10 for name, held in output.headers)
    return len(output.key or b"") + len(output.value or b"") + headers
