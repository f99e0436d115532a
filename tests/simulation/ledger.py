"""One partition, read as its neighbours read it: what newly committed records say, beside the fold of them.

Read only while none of the partition's transactions is open, so that everything of a transaction is seen
together. What must hold of it is said elsewhere (`commits`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qosresolve.core.case import Case
from qosresolve.core.fold import fold
from qosresolve.core.vocabulary import Outcome
from qosresolve.topics import (
    DEAD_LETTERS,
    JOURNAL,
    PARTITION,
    REPORT,
    REQUESTS,
    STATE,
    WATCH,
)
from tests.kafka.harness import RECORDS
from tests.simulation.log import Log, Record, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qosresolve.core.facts import Entry
    from qosresolve.core.partition import PartitionState
    from tests.simulation.broker import Cluster


def since(log: Log, offset: int) -> Iterator[Record]:
    """Yield a log's records, markers too, from an offset on."""
    return log._from(offset)


def lying_at(log: Log, offset: int) -> Record | None:
    """Return the record at an offset, None where it is gone."""
    record = next(since(log, offset), None)
    return record if record is not None and record.offset == offset else None


OUTPUTS = (*STATE, JOURNAL, *REQUESTS, DEAD_LETTERS)
Rows = dict[str, bytes]  # key -> value, as a compacted topic holds them


@dataclass(slots=True)
class Told:
    """One journal entry, and the product's case before and after it."""

    entry: Entry
    before: Case
    after: Case


@dataclass(slots=True)
class News:
    """What was committed since the last look."""

    told: list[Told] = field(default_factory=list)
    requests: list[tuple[str, Record]] = field(default_factory=list)  # by Avro record
    dead_letters: list[Record] = field(default_factory=list)
    state: PartitionState | None = None
    touched: dict[str, None] = field(default_factory=dict)  # products, in order

    def __bool__(self) -> bool:
        return bool(self.told or self.requests or self.dead_letters or self.touched or self.state)


class Ledger:
    """Everything that was committed to one partition."""

    def __init__(self, cluster: Cluster, number: int, *, waits: bool) -> None:
        self.number = number
        self.waits = waits  # whether deadlines wait for the backlog for as long as it takes
        self.positions: dict[str, int] = {}
        self.reports: Rows = {}
        self.watches: Rows = {}
        self.cases: dict[str, Case] = {}
        self.entries = 0
        self.taken: dict[str, int] = {}  # by input: the last offset journaled
        self._cluster = cluster
        self._read = dict.fromkeys((topic.name for topic in OUTPUTS), 0)

    def log(self, topic: str) -> Log:
        """Return one of this partition's logs."""
        return self._cluster.log(topic, self.number)

    @property
    def settled(self) -> bool:
        """True when no transaction is open on what the worker writes here."""
        return all(log.last_stable == log.end for log in map(self.log, self._read))

    def news(self) -> News:
        """Return what is new, with the fold and the stored rows brought up to it."""
        news = News()
        for record in self._new(JOURNAL.name):
            self._told(RECORDS.read_entry(record.body.value or b""), news)
        for topic, rows in ((REPORT, self.reports), (WATCH, self.watches)):
            for record in self._new(topic.name):
                self._stored(record, rows, news, watch=topic is WATCH)
        for record in self._new(PARTITION.name):
            news.state = RECORDS.read_partition(record.body.value or b"")
        for topic in REQUESTS:
            news.requests += [(topic.record, record) for record in self._new(topic.name)]
        news.dead_letters += self._new(DEAD_LETTERS.name)
        self.entries += len(news.told)
        return news

    def _new(self, topic: str) -> Iterator[Record]:
        log = self.log(topic)
        read, end = self._read[topic], log.end
        if read == end:
            return
        self._read[topic] = end
        for record in since(log, read):
            if record.state is State.COMMITTED:
                yield record

    def _told(self, entry: Entry, news: News) -> None:
        product = entry.product_id
        before = self.cases.get(product) or Case(product)
        # The shell's entries name a product too: what a dead letter was meant for, or a forwarded record.
        about = entry.outcome not in (Outcome.DEAD_LETTER, Outcome.FORWARDED, Outcome.CONTROL)
        after = fold(before, entry) if about else before
        if after is not before:
            self.cases[product] = after
            news.touched[product] = None
        news.told.append(Told(entry, before, after))

    def _stored(self, record: Record, rows: Rows, news: News, *, watch: bool) -> None:
        key = (record.body.key or b"").decode()
        if record.body.value is None:
            rows.pop(key, None)
        else:
            rows[key] = record.body.value
        news.touched[key if watch else key.rpartition("/")[0]] = None
