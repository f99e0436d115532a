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
from qosresolve.core.partition import PartitionState
from qosresolve.errors import PoisonRecordError
from qosresolve.replay.differences import Mismatch, Name, Record, mismatch, records_of
from qosresolve.replay.folding import Folding, about
from qosresolve.replay.reports import split

__all__ = ["ATTEMPTS", "Audit", "Disputed", "Name", "Verification"]


@dataclass(frozen=True, slots=True)
class Verification:
    """The result: counts, what differs, and the records whose beginning the journal no longer holds.

    `later` counts the records that are left out: the journal tells of them after the instant asked for.
    """

    partitions: int = 0
    entries: int = 0
    products: int = 0
    reports: int = 0
    watches: int = 0
    mismatches: tuple[Mismatch, ...] = ()
    unprovable: tuple[str, ...] = ()
    later: int = 0

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
            self.later + other.later,
        )


@dataclass(frozen=True, slots=True)
class Disputed:
    """A record that differs, as journal and topic have it; None: not at all, or nobody can read it."""

    mismatch: Mismatch
    folded: Record | None
    stored: Record | None


ATTEMPTS = 4  # to read a partition whose records are overtaken by compaction


class Audit:
    """One partition: its state as stored, and its journal folded beside it. Talks to no broker.

    With `at`, ms since the epoch, later entries are not folded, and the records that they are about left out.
    """

    def __init__(
        self, positions: PartitionState | None, *, shortened: bool = False, at: int | None = None
    ) -> None:
        self._positions = {item.topic: item.next_offset for item in positions.positions} if positions else {}
        self._at = at
        self._stored: dict[Name, Record] = {}
        self._unreadable: dict[Name, str] = {}
        self._folding = Folding(shortened=shortened)
        self._moved: dict[Name, list[Record | None]] = {}
        self._later: set[Name] = set()
        self.disputed: list[Disputed] = []  # once there is a result
        self.next_offset = 0  # of the journal

    def put(self, contracts: Contracts, key: str, value: bytes, *, watch: bool) -> None:
        """Take one record of the report or the watch topic, the last of its key."""
        name: Name = (key, "") if watch else split(key)
        try:
            self._stored[name] = contracts.read_watch(value) if watch else contracts.read_report(value)
        except PoisonRecordError as error:
            self._unreadable[name] = str(error)

    def take(self, entry: Entry, offset: int = -1) -> None:
        """Fold one journal entry; `offset` is where it lies."""
        self.next_offset = offset + 1
        if self._at is not None and entry.now > self._at:
            self._later.update(name for _, name in about(entry))
            return
        folded = self._folding.take(entry)
        if folded is not None and entry.cause.offset >= self._positions.get(entry.cause.topic, 0):
            self._note_move(*folded)

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
        found = self._stored.keys() | self._unreadable.keys() | self._later
        return any(seen[-1] is not None and name not in found for name, seen in self._moved.items())

    def result(self) -> Verification:
        """Return the comparison."""
        folded = self._folding.records()
        tally = _Tally()
        names = folded.keys() | self._stored.keys() | self._moved.keys() | self._unreadable.keys()
        for name in sorted((names | self._folding.headless) - self._later):
            self._compare(name, folded.get(name), tally)
        self.disputed = tally.disputed
        return Verification(
            1,
            self._folding.entries,
            len(self._folding.products),
            tally.reports,
            tally.watches,
            tuple(item.mismatch for item in tally.disputed),
            tuple(tally.unprovable),
            len(self._later),
        )

    def _compare(self, name: Name, folded: Record | None, tally: "_Tally") -> None:
        stored, why = self._stored.get(name), self._unreadable.get(name)
        provable = self._folding.provable(name, stored=stored is not None)
        found = mismatch(*name, folded, stored)
        if why is not None:
            tally.differs(Mismatch(*name, "unreadable", topic=why), folded, None)
        elif stored is not None and (found is None or stored in self._moved.get(name, ())):
            tally.equal(name, stored)
        elif not provable:
            tally.unprovable.append("/".join(filter(None, name)))
        elif found is None or stored in self._moved.get(name, ()):
            tally.equal(name, stored)
        else:
            tally.differs(found, folded, stored)


@dataclass(slots=True)
class _Tally:
    reports: int = 0
    watches: int = 0
    disputed: list[Disputed] = field(default_factory=list)
    unprovable: list[str] = field(default_factory=list)

    def equal(self, name: Name, stored: Record | None) -> None:
        if stored is not None:
            self.reports += bool(name[1])
            self.watches += not name[1]

    def differs(self, found: Mismatch, folded: Record | None, stored: Record | None) -> None:
        self.disputed.append(Disputed(found, folded, stored))
