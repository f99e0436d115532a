"""Offsets, positions and journal move together: each of them, whenever it was written, tells one cut."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qosresolve.topics import PARTITION
from tests.chaos.evidence import Commit, Violation
from tests.chaos.ledger import Ledger, Rewind, place_of
from tests.kafka.harness import RECORDS

Vector = dict[str, int]  # next offset by input


@dataclass
class Cuts:
    """The cuts of one partition's journal: how many records of each input lie above each entry."""

    topics: tuple[str, ...]
    offsets: dict[str, list[int]]
    cuts: dict[tuple[int, ...], int]

    @classmethod
    def of(cls, ledger: Ledger, number: int) -> "Cuts":
        """Count them."""
        topics = ledger.evidence.names.inputs
        offsets: dict[str, list[int]] = {topic: [] for topic in topics}
        cuts = {(0,) * len(topics): 0}
        entries = [entry for entry in ledger.entries[number] if entry.cause.offset >= 0]
        for at, entry in enumerate(entries, 1):
            topic, _, offset = place_of(entry)
            offsets[topic].append(offset)
            cuts[tuple(len(offsets[name]) for name in topics)] = at
        return cls(topics, {name: sorted(found) for name, found in offsets.items()}, cuts)

    def cut(self, vector: Mapping[str, int]) -> int | None:
        """Return how many entries lie below a vector; None where those are not the journal's first ones."""
        if vector.keys() != self.offsets.keys():
            return None
        return self.cuts.get(tuple(bisect_left(self.offsets[name], vector[name]) for name in self.topics))


def cuts(ledger: Ledger) -> Iterator[Violation]:
    """Every commit of the group's offsets is a cut of the journal, and none lies below the one before."""
    for number, vectors in _commits(ledger).items():
        of_journal = Cuts.of(ledger, number)
        yield from _grow(f"committed offsets of partition {number}", vectors, of_journal)


def remembered(ledger: Ledger) -> Iterator[Violation]:
    """Every partition record that is left has the positions of a cut, and of a commit of the group."""
    committed = _commits(ledger)
    for number, records in ledger.evidence.parts(PARTITION).items():
        states = [RECORDS.read_partition(record.value or b"") for record in records]
        vectors = [{at.topic: at.next_offset for at in state.positions} for state in states]
        yield from _grow(f"positions of partition {number}", vectors, Cuts.of(ledger, number))
        at = 0
        known = committed.get(number, [])
        for vector in vectors:
            where = next((later for later in range(at, len(known)) if known[later] == vector), None)
            if where is None:
                yield Violation("torn", f"partition {number}: positions {vector} were never committed so")
                break
            at = where


def _grow(what: str, vectors: list[Vector], of_journal: Cuts) -> Iterator[Violation]:
    last: Vector = {}
    for vector in vectors:
        if of_journal.cut(vector) is None:
            yield Violation("torn", f"{what}: {vector} is no cut of the journal")
        for topic, offset in vector.items():
            if offset < last.get(topic, 0):
                yield Violation("reordered", f"{what}: {topic} goes back from {last[topic]} to {offset}")
        last = vector


def _commits(ledger: Ledger) -> dict[int, list[Vector]]:
    """Return the workers' commits of each partition: six offsets at a time, without those of operators."""
    by_partition: dict[int, list[Commit]] = defaultdict(list)
    for commit in ledger.evidence.commits:
        by_partition[commit.partition].append(commit)
    width = len(ledger.evidence.names.inputs)
    found: dict[int, list[Vector]] = {}
    for number, commits in by_partition.items():
        groups = [commits[at : at + width] for at in range(0, len(commits), width)]
        rewinds = list(ledger.rewinds)
        found[number] = [
            {commit.topic: commit.offset for commit in group}
            for group in groups
            if not _by_an_operator(rewinds, group)
        ]
    return found


def _by_an_operator(rewinds: list[Rewind], group: list[Commit]) -> bool:
    """Tell whether a rewind made these commits, and take it off the list.

    It is the first after it was ordered: the workers themselves may have been at the same offsets before.
    """
    said = {(commit.topic, commit.partition, commit.offset) for commit in group}
    for at, rewind in enumerate(rewinds):
        if said <= rewind.places and group[0].timestamp >= rewind.ordered_at:
            del rewinds[at]
            return True
    return False


def at_the_end(ledger: Ledger) -> Iterator[Violation]:
    """The group's offsets are the positions, and nothing lies behind them."""
    committed = {(at.topic, at.partition): at.offset for at in ledger.evidence.committed}
    last: dict[tuple[str, int], int] = defaultdict(lambda: -1)
    for topic, number, offset in ledger.inputs:
        last[topic, number] = max(last[topic, number], offset)
    for number, records in ledger.evidence.parts(PARTITION).items():
        if not records:
            if ledger.entries[number]:
                yield Violation("lost", f"partition {number} has a journal, and no partition record")
            continue
        for at in RECORDS.read_partition(records[-1].value or b"").positions:
            place = (at.topic, number)
            if committed[place] != at.next_offset:
                yield Violation(
                    "torn", f"{place}: the group is at {committed[place]}, the position is {at.next_offset}"
                )
            if at.next_offset <= last[place]:
                yield Violation("stuck", f"{place}: {at.next_offset} is next, {last[place]} lies there")


def nothing_open(ledger: Ledger) -> Iterator[Violation]:
    """No transaction is left open anywhere: each log is stable to its end."""
    for end in ledger.evidence.ends:
        if end.stable != end.last:
            yield Violation("stuck", f"{end.topic} {end.partition} is stable to {end.stable} of {end.last}")
