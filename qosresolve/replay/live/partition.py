"""One partition audited while it is worked on. Talks to no broker.

First comes the base: what lies on the topics when the auditor begins. It is believed. From then on every
entry is folded, and every record on the report and watch topic has to be what the journal makes of it.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from qosresolve.contracts.headers import Alarm
from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.core.facts import Entry, ReportRepaired, ShellFact
from qosresolve.core.fold import fold
from qosresolve.core.inputs import Cause
from qosresolve.core.report import Report
from qosresolve.core.watch import Watch
from qosresolve.errors import PoisonRecordError, RetriableError
from qosresolve.replay.audit import Name
from qosresolve.replay.differences import Record, records_of
from qosresolve.replay.live.findings import Told
from qosresolve.replay.live.overdue import Overdue
from qosresolve.replay.live.overlap import Overlap
from qosresolve.replay.live.population import Population
from qosresolve.replay.live.standing import Standing
from qosresolve.replay.live.store import Store
from qosresolve.replay.live.tracks import Seen, Tracks

_SHELL = frozenset(get_args(ShellFact))


@dataclass(slots=True)
class Counts:
    """What was audited since the last look, for metrics; `newest` is the broker time of the newest entry."""

    entries: int = 0
    records: int = 0
    newest: int | None = None


class PartitionAudit:
    """A partition, from its assignment to its loss."""

    def __init__(self, number: int, contracts: Contracts, store: Store, told: Told) -> None:
        self.number = number
        self.counts = Counts()
        self.overdue = Overdue()
        self.unproved: set[Name] = set()
        self.standing = Standing(number, told)
        self.population = Population(store)
        self._contracts = contracts
        self._store = store
        self._tracks = Tracks(self._store, self._matched)
        self._overlap: Overlap | None = None
        self._live = False
        self._bare: set[Name] = set()  # records of the base without an alarm
        self._last: dict[str, int] = {}  # newest offset of each input that the journal names
        self._last_at_marks: deque[dict[str, int]] = deque([{}], maxlen=2)
        self._positions: dict[str, int] = {}
        self._base_positions: dict[str, int] = {}
        self._mark = 0

    # -- the base

    def begin(self) -> None:
        """Believe what was read so far; the journal is read from where it stood before that."""
        for name in self._bare:
            try:
                self.standing.alarm(name, self._store.get(name), None, -1)
            except PoisonRecordError:
                self._unreadable(name)
        self._bare.clear()
        self._live = True
        self.population.begin(self._store.names())
        self._overlap = Overlap()
        self._base_positions = self._positions

    def end_overlap(self) -> None:
        """The journal was read to where it stood when the base was complete: nothing more is in the base."""
        overlap = self._overlap
        if overlap is None:
            return
        for name in overlap.waiting:
            self._fold_all(overlap, name, overlap.decide(name, self._store.get(name)))
        self._overlap = None
        for topic, offset in self._base_positions.items():
            self._last[topic] = max(self._last.get(topic, -1), offset - 1)

    # -- what is read

    def record(self, name: Name, value: bytes | None, alarm: Alarm | None, offset: int) -> None:
        """Take one record of the report or watch topic."""
        self.overdue.arm("/".join(name).encode(), None if value is None else alarm)
        if not self._live:
            self._store.put(name, value)
            (self._bare.discard if value is None or alarm else self._bare.add)(name)
        elif name in self.unproved:
            self._store.put(name, value)
            self.population.lies(name, value)
            if value is None:
                self.unproved.discard(name)
                self.standing.agrees(name)
        else:
            self._tracks.lies(name, Seen(value, alarm, offset, self._mark))

    def entry(self, value: bytes, offset: int) -> None:
        """Take one journal entry. Raises RetriableError, with nothing taken."""
        try:
            entry = self._contracts.read_entry(value)
        except PoisonRecordError:
            self.standing.of("journal", "unreadable", offset)
            return
        names = list(_touched(entry))
        for name in names:
            if _repairs(name, entry):
                self._begin_anew(name, entry)
            self._known(name)
        self.counts.entries += 1
        self.counts.newest = entry.now
        self._in_order(entry.cause, offset)
        for name in names:
            if name not in self.unproved:
                self._take(name, entry)

    def _begin_anew(self, name: Name, entry: Entry) -> None:
        """The entry says what the record is, whatever it was: one that nobody could read is audited again."""
        self.standing.repaired(name)
        if name not in self.unproved:
            return
        self.unproved.discard(name)
        lies = self._store.raw(name)
        if lies is not None and self._store.same(folded(name, None, entry), lies):
            self.standing.agrees(name)
        else:
            self._store.put(name, None)  # its record comes, or is missing

    def _known(self, name: Name) -> None:
        """Decode a record before anything is changed; one that cannot be is not audited further."""
        try:
            self._store.get(name)
        except PoisonRecordError:
            self._unreadable(name)

    def _take(self, name: Name, entry: Entry) -> None:
        if self._overlap is None:
            self._fold(name, entry)
        else:
            self._fold_all(self._overlap, name, self._overlap.take(name, self._store.get(name), entry))

    def _fold_all(self, overlap: Overlap, name: Name, entries: list[Entry]) -> None:
        if name in overlap.unclear:
            self._give_up(name)
            return
        for entry in entries:
            self._fold(name, entry)

    def _fold(self, name: Name, entry: Entry) -> None:
        before = self._tracks.current(name)
        try:
            after = folded(name, before, entry)
        except RetriableError:
            raise
        except Exception:  # noqa: BLE001 - an entry that no worker wrote; the finding says where to look
            self._unreadable(name)
            return
        self.population.take(name, after)
        if before is not None or after is not None:
            self._tracks.told(name, after, self._mark)

    def positions(self, value: bytes | None, offset: int) -> None:
        """Take a partition record, None for a tombstone: positions never go back. Raises RetriableError."""
        try:
            state = None if value is None else self._contracts.read_partition(value)
        except PoisonRecordError:
            self.standing.of("partition", "unreadable", offset)
            return
        now = {position.topic: position.next_offset for position in state.positions} if state else {}
        back = [topic for topic, at in self._positions.items() if now.get(topic, 0) < at]
        self._positions = now
        if back:
            self.standing.positions(back[0], offset)

    # -- common points

    def mark(self) -> int:
        """Return the number of a new mark: what was read so far was read before it."""
        self._mark += 1
        self._last_at_marks.append(dict(self._last))
        return self._mark - 1

    def passed(self, mark: int) -> None:
        """Judge what was read before a mark: all topics were read to what lay there then.

        Raises RetriableError; the rest is judged the next time.
        """
        for found in self._tracks.judge(mark):
            self.standing.found(found)
        before = self._last_at_marks[0]  # at the mark before this one, for the same reason as in `judge`
        ahead = [topic for topic, at in before.items() if at >= self._positions.get(topic, 0)]
        self.standing.positions(ahead[0] if ahead else None)

    # -- conclusions

    def _give_up(self, name: Name) -> None:
        """Audit a record no further: it cannot be told what it should be."""
        self._tracks.drop(name)
        self.unproved.add(name)
        self.population.lies(name, self._store.raw(name))  # from now on what lies there is all that is known

    def _unreadable(self, name: Name) -> None:
        self._give_up(name)
        self.standing.differ(name, "unreadable")

    def _matched(self, name: Name, record: Record | None, seen: Seen) -> None:
        self.counts.records += 1
        self.standing.agrees(name)
        self.standing.alarm(name, record, seen.alarm, seen.offset)

    def _in_order(self, cause: Cause, offset: int) -> None:
        """Of each input, the journal names every offset once, and in order."""
        last = self._last.get(cause.topic, -1)
        if cause.offset > last:
            self._last[cause.topic] = cause.offset
        elif cause.offset >= 0:
            self.standing.of("journal", "doubled" if cause.offset == last else "order", offset, cause.topic)


def folded(name: Name, record: Record | None, entry: Entry) -> Record | None:
    """Return one record after an entry: facts touch the records of a case one by one."""
    product, report_id = name
    watch = record if isinstance(record, Watch) else None
    reports = (record,) if isinstance(record, Report) else ()
    return records_of(fold(Case(product, watch, reports), entry)).get(report_id)


def _repairs(name: Name, entry: Entry) -> bool:
    """Tell whether an entry says what a record is, whatever it was."""
    return any(isinstance(fact, ReportRepaired) and fact.report_id == name[1] for fact in entry.facts)


def _touched(entry: Entry) -> Iterator[Name]:
    """Yield the records that an entry is about: of what the shell notes there are none."""
    if entry.product_id:
        told = (fact for fact in entry.facts if type(fact) not in _SHELL)
        for report_id in dict.fromkeys(getattr(fact, "report_id", "") for fact in told):
            yield entry.product_id, report_id
