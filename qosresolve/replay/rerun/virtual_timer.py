"""The timer of a replay: it fires in record time, punctually, and knows no clock.

An alarm goes off before the next record whose time is later than it is due. At one instant records go first,
as deadlines wait for the backlog: good news comes before a deadline.
"""

from qosresolve.core.case import Case
from qosresolve.core.inputs import Deadline
from qosresolve.core.report import Report
from qosresolve.core.watch import Watch
from qosresolve.kafka.alarms import Alarms, key_of


class VirtualTimer:
    """The alarms of one partition's cases."""

    def __init__(self) -> None:
        self._alarms = Alarms()

    def follow(self, before: Case, after: Case) -> None:
        """Take in what became of a product's alarms."""
        old = {report.report_id: report for report in before.reports}
        for report in after.reports:
            if old.pop(report.report_id, None) is not report:
                self._set(after.product_id, report.report_id, report)
        for gone in old:
            self._alarms.disarm(_key(after.product_id, gone))
        if after.watch is not before.watch:
            if after.watch is None:
                self._alarms.disarm(_key(after.product_id, ""))
            else:
                self._set(after.product_id, "", after.watch)

    def _set(self, product: str, report_id: str, holder: Report | Watch) -> None:
        if holder.due is None:
            self._alarms.disarm(_key(product, report_id))
        else:
            self._alarms.arm(_key(product, report_id), holder.alarm, holder.due)

    def quiet(self, before: int) -> bool:
        """Tell, at once, whether nothing is due before an instant."""
        due = self._alarms.next_due
        return due is None or due >= before

    def next(self, before: int) -> Deadline | None:
        """Return the deadline that is due first, before an instant; None where there is none.

        It is settled by what `follow` hears of it; one that changes nothing does not come again.
        """
        alarm = self._alarms.one(before - 1)
        if alarm is None:
            return None
        self._alarms.fired(alarm.again(0))
        product, report_id = alarm.names
        return Deadline(product, report_id, alarm.number, alarm.due)


def _key(product: str, report_id: str) -> bytes:
    return key_of(product.encode(), report_id.encode())
