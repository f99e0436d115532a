"""Verification: the fold of the journal, against what lies on the report and watch topics, by value.

Partition by partition, so one partition's cases are in memory at a time. It may run beside live workers; the
order of reading (positions, state, journal) is what makes that sound, see `audit`. Where something differs,
that partition's journal is read once more, for what is behind it, see `tracing`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from confluent_kafka import Message

from qosresolve.contracts.records import Contracts
from qosresolve.kafka import clients
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.offsets import Place, ends, starts
from qosresolve.kafka.reading import read_all
from qosresolve.replay.audit import ATTEMPTS, Audit, Verification
from qosresolve.replay.differences import Mismatch, compare
from qosresolve.replay.reports import key_of, partition_states, places, put, split
from qosresolve.replay.tracing import Tracing
from qosresolve.settings import Settings
from qosresolve.topics import JOURNAL, REPORT, WATCH, Names

__all__ = ["EVERYTHING", "Mismatch", "Progress", "Scope", "Verification", "compare", "verify"]

Progress = Callable[[int, int], None]  # offsets read, offsets expected


@dataclass(frozen=True, slots=True)
class Scope:
    """What is verified: these products, none named means all; `at`, ms: as the journal stood then."""

    products: frozenset[str] = frozenset()
    at: int | None = None

    def has(self, product: str) -> bool:
        """Tell whether a product is meant."""
        return not self.products or product in self.products

    def partitions(self, count: int) -> list[int]:
        """Return where these products lie."""
        if not self.products:
            return list(range(count))
        return sorted({partition_of(product, count) for product in self.products})


EVERYTHING = Scope()


def verify(
    settings: Settings, contracts: Contracts, progress: Progress | None = None, scope: Scope = EVERYTHING
) -> Verification:
    """Return how the fold of the journal compares with the report and watch topics.

    Raises ConfigError without topics, FatalError when reading stalls, RetriableError when brokers are away.
    """
    admin = clients.admin(settings)
    count = len(places(settings, JOURNAL))
    places(settings, REPORT)
    verifying = _Verifying(settings, contracts, scope)
    parts = [verifying.part(number) for number in scope.partitions(count)]
    everything = [place for part in parts for place in part]
    counted = Counted(progress, starts(admin, everything), ends(admin, everything))
    result = Verification()
    for part in parts:
        result += verifying.partition(part, counted)
    return result


class _Verifying:
    """One verification, partition by partition."""

    def __init__(self, settings: Settings, contracts: Contracts, scope: Scope) -> None:
        self._settings = settings
        self._contracts = contracts
        self._scope = scope
        self._names = Names(settings.prefix)
        self._positions = partition_states(settings, contracts)

    def part(self, number: int) -> tuple[Place, Place, Place]:
        """Return journal, report and watch of a partition."""
        journal, report, watch = (self._names.of(topic) for topic in (JOURNAL, REPORT, WATCH))
        return (journal, number), (report, number), (watch, number)

    def partition(self, part: tuple[Place, Place, Place], counted: "Counted") -> Verification:
        """Return one partition's result, with what is behind each difference."""
        journal, *state = part
        steps = counted.part(state), counted.part([journal])
        shortened = counted.first[journal] > 0
        for _ in range(ATTEMPTS):
            audit = Audit(self._positions.get(journal[1]), shortened=shortened, at=self._scope.at)
            self._read(part, audit, steps)
            if not audit.overtaken:
                break
            self._positions = partition_states(self._settings, self._contracts)
        found = audit.result()
        return replace(found, mismatches=self._traced(journal, audit)) if found.mismatches else found

    def _read(self, part: tuple[Place, Place, Place], audit: Audit, steps: tuple[Progress, Progress]) -> None:
        """Give an audit a partition's state, then its journal."""
        journal, report, watch = part
        rows: dict[str, dict[str, bytes]] = {report[0]: {}, watch[0]: {}}
        for message in read_all(self._settings, [report, watch], progress=steps[0]):
            put(rows[message.topic() or ""], message)
        for topic, values in rows.items():
            for key, value in values.items():
                if self._scope.has(key if topic == watch[0] else split(key)[0]):
                    audit.put(self._contracts, key, value, watch=topic == watch[0])
        for message in self._journal(journal, steps[1]):
            audit.take(self._contracts.read_entry(message.value() or b""), message.offset() or 0)

    def _journal(self, journal: Place, progress: Progress | None = None) -> Iterator[Message]:
        messages = read_all(self._settings, [journal], progress=progress)
        return (message for message in messages if self._scope.has(key_of(message)))

    def _traced(self, journal: Place, audit: Audit) -> tuple[Mismatch, ...]:
        """Fold what differs once more, up to where it was folded before."""
        tracing = Tracing(audit.disputed)
        for message in self._journal(journal):
            offset = message.offset() or 0
            if offset >= audit.next_offset or not tracing.wants(key_of(message)):
                continue
            entry = self._contracts.read_entry(message.value() or b"")
            if self._scope.at is None or entry.now <= self._scope.at:
                tracing.take(entry, offset)
        return tracing.result()


class Counted:
    """One progress over many sweeps, in offsets."""

    def __init__(self, progress: Progress | None, first: dict[Place, int], last: dict[Place, int]) -> None:
        self.first = first
        self._progress = progress
        self._expected = {place: last[place] - first[place] for place in first}
        self._done = 0

    def part(self, where: list[Place]) -> Progress:
        """Return the progress of one sweep; the sweeps before it count as done."""
        base, share = self._done, sum(self._expected[place] for place in where)
        self._done += share

        def told(done: int, _: int) -> None:
            if self._progress is not None:
                self._progress(base + min(done, share), sum(self._expected.values()))

        return told
