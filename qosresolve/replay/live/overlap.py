"""Where the auditor begins: which of the journal's first entries a record on the topic holds already.

The state is read first, the journal from where it stood before. So the entries between may be in a record or
not, and no record says up to which offset it goes. But it bears the stamp of its last entry: its instant, the
fingerprint of its event in the ring, or the number of its alarm. Time never goes back within a product, so an
older entry is in it and a younger one is not. Entries of the very same instant are kept until a younger one,
or the end of the overlap, tells that all of them are there.
"""

from qosresolve.core.facts import AlarmSettled, Entry, ReportOpened
from qosresolve.core.ids import FINGERPRINT_BYTES
from qosresolve.replay.audit import Name
from qosresolve.replay.differences import Record


class Overlap:
    """The entries of one partition's journal that may or may not be in the records that were read."""

    def __init__(self) -> None:
        self._beyond: set[Name] = set()
        self._ties: dict[Name, list[Entry]] = {}
        self.unclear: set[Name] = set()

    @property
    def waiting(self) -> list[Name]:
        """Return the records with entries of which it is not decided yet."""
        return list(self._ties)

    def take(self, name: Name, base: Record | None, entry: Entry) -> list[Entry]:
        """Return the entries that are to be folded onto a record now, given the next one about it.

        An absent record takes all: what led to its absence folds to nothing again.
        """
        if base is None or name in self._beyond:
            self._beyond.add(name)
            return [entry]
        if entry.now < base.updated_at:
            return []
        if entry.now == base.updated_at:
            self._ties.setdefault(name, []).append(entry)
            return []
        return [*self.decide(name, base), entry]

    def decide(self, name: Name, base: Record | None) -> list[Entry]:
        """Return the kept entries that are not in the record; all that follow are not in it either.

        `unclear` gets the name where an entry has no mark of its own: a deadline of another record.
        """
        self._beyond.add(name)
        ties = self._ties.pop(name, [])
        if base is None:
            return ties
        held = [at for at, entry in enumerate(ties) if _holds(name, base, entry)]
        rest = ties[held[-1] + 1 :] if held else ties
        if any(not entry.fingerprint and _alarm(name, entry) is None for entry in rest):
            self.unclear.add(name)
        return rest


def _holds(name: Name, base: Record, entry: Entry) -> bool:
    """Tell whether a record bears the mark of an entry of its own last instant."""
    if entry.fingerprint:
        ring = base.seen
        marks = range(0, len(ring), FINGERPRINT_BYTES)
        return any(ring[at : at + FINGERPRINT_BYTES] == entry.fingerprint for at in marks)
    alarm = _alarm(name, entry)
    return _opens(name, entry) or (alarm is not None and alarm <= base.alarm)


def _opens(name: Name, entry: Entry) -> bool:
    return any(isinstance(fact, ReportOpened) and fact.report_id == name[1] for fact in entry.facts)


def _alarm(name: Name, entry: Entry) -> int | None:
    """Return the number that an entry gave the alarm of a record, None where it did not."""
    numbers = (
        fact.alarm for fact in entry.facts if isinstance(fact, AlarmSettled) and fact.report_id == name[1]
    )
    return next(numbers, None)
