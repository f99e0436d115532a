"""What of one partition is not as it should be, now; and each finding told once a record."""

from collections.abc import Sequence

from qosresolve.contracts.headers import Alarm
from qosresolve.replay.audit import Name
from qosresolve.replay.differences import Mismatch, Record
from qosresolve.replay.live.findings import Finding, Kind, Told
from qosresolve.replay.live.tracks import Found


class Standing:
    """The findings of one partition that still hold."""

    def __init__(self, number: int, told: Told) -> None:
        self.differing: dict[Name, Kind] = {}
        self.unarmed: set[Name] = set()
        self.misplaced = False  # the positions
        self.inherited: set[Name] = set()  # what differed before the auditor began
        self._number = number
        self._told = told

    @property
    def count(self) -> int:
        """Return how many records differ."""
        return len(self.differing) + self.misplaced + len(self.inherited)

    def past(self, mismatches: Sequence[Mismatch]) -> None:
        """Note what differed before the auditor began."""
        self.inherited = {(item.product_id, item.report_id) for item in mismatches}
        for item in mismatches:
            name = (item.product_id, item.report_id)
            self._told.found(self._about(name, item.kind, item.path, -1), first=True)

    def found(self, found: Found) -> None:
        """Take what the comparison found."""
        kind: Kind = found.mismatch.kind if found.mismatch else "unreadable"
        self.differ(found.name, kind, found.mismatch.path if found.mismatch else "", found.offset)

    def differ(self, name: Name, kind: Kind, field: str = "", offset: int = -1) -> None:
        """Note that a record is not what the journal makes of it."""
        first = name not in self.differing
        self.differing[name] = kind
        self._told.found(self._about(name, kind, field, offset), first=first)

    def agrees(self, name: Name) -> None:
        """Note that a record is what the journal makes of it."""
        if self.differing.pop(name, None) is not None:
            self._told.agrees(self._number, name[1])

    def repaired(self, name: Name) -> None:
        """Note that a record was set to what the whole journal says: what differed before is over."""
        self.inherited.discard(name)

    def alarm(self, name: Name, record: Record | None, alarm: Alarm | None, offset: int) -> None:
        """Note what a record arms: the core says when somebody must look, its headers must say the same."""
        due = None if record is None else record.due
        if record is None or due is None or alarm == Alarm(due, record.alarm):
            self.unarmed.discard(name)
            return
        first = name not in self.unarmed
        self.unarmed.add(name)
        self._told.found(self._about(name, "unarmed", "due", offset), first=first)

    def positions(self, topic: str | None, offset: int = -1) -> None:
        """Note an input whose position went back, or lies below what the journal has; None: all is well."""
        first, self.misplaced = not self.misplaced, topic is not None
        if topic is not None and first:
            finding = Finding("positions", self._number, "partition", field=topic, offset=offset)
            self._told.found(finding, first=True)

    def of(self, record: str, kind: Kind, offset: int, field: str = "") -> None:
        """Note a single record of the journal or the partition topic."""
        self._told.found(Finding(kind, self._number, record, field=field, offset=offset), first=True)

    def _about(self, name: Name, kind: Kind, field: str, offset: int) -> Finding:
        return Finding(kind, self._number, "report" if name[1] else "watch", name[1], field, offset)
