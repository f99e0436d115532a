"""One partition audited: its stored records beside the fold of its journal. Talks to no broker.

Positions were read first, then the state, then the journal. So the state holds at least what lies below the
positions, and the journal at least what the state holds; a record that moved meanwhile has to equal one of
the few values it had from the positions on. One that moved may also be found nowhere: compaction removed the
older value before it was read, and the newer one lies behind the end. Then it is worth looking again.
"""

from dataclasses import dataclass, field

from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.core.facts import Entry
from qosresolve.core.fold import fold
from qosresolve.core.partition import PartitionState
from qosresolve.replay.differences import Mismatch, Record, mismatch, records_of
from qosresolve.replay.reports import split

Name = tuple[str, str]  # product, report; an empty report is the watch


@dataclass(frozen=True, slots=True)
class Verification:
    """The result: counts, what differs, and the records whose beginning the journal no longer holds."""

    partitions: int = 0
    entries: int = 0
    products: int = 0
    reports: int = 0
    watches: int = 0
    mismatches: tuple[Mismatch, ...] = ()
    unprovable: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """True when nothing that can be proved differs."""
        return not self.mismatches

    def __add__(self, other: "Verification") -> "Verification":
        """Return both results as one."""
        return Verification(
            self.partitions + other.partitions,
            self.entries + other.entries,
            self.products + other.products,
            self.reports + other.reports,
            self.watches + other.watches,
            self.mismatches + other.mismatches,
            self.unprovable + other.unprovable,
        )


ATTEMPTS = 4  # to read a partition whose records are overtaken by compaction


class Audit:
    """One partition: its state as stored, and its journal folded beside it. Talks to no broker."""

    def __init__(self, positions: PartitionState | None, *, shortened: bool = False) -> None:
        self._positions = {item.topic: item.next_offset for item in positions.positions} if positions else {}
        self._shortened = shortened
        self._stored: dict[Name, Record] = {}
        self._cases: dict[str, Case] = {}
        self._moved: dict[Name, list[Record | None]] = {}
        self._begun: set[Name] = set()
        self._products: set[str] = set()
        self._entries = 0

    def put(self, contracts: Contracts, key: str, value: bytes, *, watch: bool) -> None:
        """Take one record of the report or the watch topic, the last of its key."""
        if watch:
            self._stored[key, ""] = contracts.read_watch(value)
        else:
            self._stored[split(key)] = contracts.read_report(value)

    def take(self, entry: Entry) -> None:
        """Fold one journal entry."""
        self._entries += 1
        if not entry.facts or not entry.product_id:
            return
        product = entry.product_id
        self._products.add(product)
        before = self._cases.get(product) or Case(product)
        after = fold(before, entry)
        if entry.cause.offset >= self._positions.get(entry.cause.topic, 0):
            self._note_move(before, after)
        self._begun.update((product, name) for name in records_of(after))
        if records_of(after):
            self._cases[product] = after
        else:
            self._cases.pop(product, None)

    def _note_move(self, before: Case, after: Case) -> None:
        """Keep every value that a record has from the positions on: the stored one may be any of them."""
        old, new = records_of(before), records_of(after)
        for name in old.keys() | new.keys():
            if old.get(name) != new.get(name):
                seen = self._moved.setdefault((before.product_id, name), [old.get(name)])
                seen.append(new.get(name))

    @property
    def overtaken(self) -> bool:
        """Tell whether a record that moved while it was read is found nowhere."""
        return any(seen[-1] is not None and name not in self._stored for name, seen in self._moved.items())

    def result(self) -> Verification:
        """Return the comparison."""
        folded = {
            (product, name): record
            for product, case in self._cases.items()
            for name, record in records_of(case).items()
        }
        tally = _Tally()
        for name in sorted(folded.keys() | self._stored.keys() | self._moved.keys()):
            stored = self._stored.get(name)
            excused = stored in self._moved.get(name, ())
            found = None if excused else mismatch(*name, folded.get(name), stored)
            tally.count(name, stored, found, unprovable=found is not None and self._unprovable(name, stored))
        return Verification(
            1, self._entries, len(self._products), tally.reports, tally.watches,
            tuple(tally.mismatches), tuple(tally.unprovable),
        )  # fmt: skip

    def _unprovable(self, name: Name, stored: Record | None) -> bool:
        """Retention passed the record's beginning: its opening, or an older part of a watch's life."""
        if not self._shortened or stored is None:
            return False
        return name not in self._begun or not name[1]


@dataclass(slots=True)
class _Tally:
    reports: int = 0
    watches: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    unprovable: list[str] = field(default_factory=list)

    def count(self, name: Name, stored: Record | None, found: Mismatch | None, *, unprovable: bool) -> None:
        if unprovable:
            self.unprovable.append("/".join(filter(None, name)))
        elif found is not None:
            self.mismatches.append(found)
        elif stored is not None:
            self.reports += bool(name[1])
            self.watches += not name[1]
