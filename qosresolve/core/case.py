"""The case: all that the core knows of one product, its watch and the reports held."""

from qosresolve.core.ids import FINGERPRINT_BYTES, ID_BYTES
from qosresolve.core.record import record
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import OPEN
from qosresolve.core.watch import Watch


@record
class Case:
    """A product's reports, oldest first, and its watch. At most one report is open."""

    product_id: str
    watch: Watch | None = None
    reports: tuple[Report, ...] = ()

    @property
    def open(self) -> Report | None:
        """Return the open report, if there is one."""
        reports = self.reports
        if reports and reports[-1].status in OPEN:
            return reports[-1]
        return next((report for report in reports if report.status in OPEN), None) if reports else None

    @property
    def latest(self) -> Report | None:
        """Return the newest report held, open or not."""
        return self.reports[-1] if self.reports else None

    def report(self, report_id: str) -> Report | None:
        """Return the report of that id or None."""
        for report in self.reports:
            if report.report_id == report_id:
                return report
        return None

    def last_now(self) -> int:
        """Return the newest instant this case was changed at; time never goes back below it."""
        newest = self.watch.updated_at if self.watch else 0
        for report in self.reports:
            newest = max(newest, report.updated_at)
        return newest

    def seen(self, fingerprint: bytes) -> bytes | None:
        """Return the remembered fingerprint of the same event id, None when the id is new."""
        event = fingerprint[:ID_BYTES]
        for holder in (*self.reports, self.watch):
            entry = _find(holder.seen, event) if holder is not None else None
            if entry is not None:
                return entry
        return None


def _find(ring: bytes, event: bytes) -> bytes | None:
    at = ring.find(event)
    while at >= 0 and at % FINGERPRINT_BYTES:
        at = ring.find(event, at + 1)
    return None if at < 0 else ring[at : at + FINGERPRINT_BYTES]
