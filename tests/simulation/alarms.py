"""What the timers fire (D5): only what was armed, for all that a timer could know since it began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qosresolve.core.inputs import Deadline
from qosresolve.topics import DEADLINE, REPORT, WATCH
from tests.kafka.harness import RECORDS
from tests.simulation.ledger import since
from tests.simulation.log import State
from tests.simulation.violation import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.broker import Cluster
    from tests.simulation.log import Record

Armed = tuple[int, int]  # number, due
Name = tuple[str, str]  # product, report


class Firing:
    """The alarms of one partition over time, and the deadlines that were fired for them."""

    def __init__(self, cluster: Cluster, number: int, began: Callable[[int], int | None]) -> None:
        self._cluster = cluster
        self._number = number
        self._began = began  # when the timer began to which a producer belongs
        self._read = {REPORT.name: 0, WATCH.name: 0, DEADLINE.name: 0}
        self._armed: dict[Name, Armed] = {}
        self._settled: dict[tuple[Name, Armed], int] = {}

    def look(self, now: int) -> None:
        """Take in what is new. Raises ViolationError."""
        for topic in (REPORT, WATCH):
            for record in self._new(topic.name):
                self._arm(record, now, watch=topic is WATCH)
        for record in self._new(DEADLINE.name):
            self._fired(record)

    def _new(self, topic: str) -> list[Record]:
        log = self._cluster.log(topic, self._number)
        read, self._read[topic] = self._read[topic], log.last_stable
        if read >= log.last_stable:
            return []
        return [
            record
            for record in since(log, read)
            if record.offset < log.last_stable and record.state is State.COMMITTED
        ]

    def _arm(self, record: Record, now: int, *, watch: bool) -> None:
        key = (record.body.key or b"").decode()
        product, _, report = (key, "", "") if watch else key.rpartition("/")
        said = {
            name: int(value or b"0") for name, value in record.body.headers or () if name in ("due", "alarm")
        }
        before = self._armed.pop((product, report), None)
        armed = (said["alarm"], said["due"]) if "due" in said and record.body.value is not None else None
        if before is not None and before != armed:
            self._settled[(product, report), before] = now
        if armed is not None:
            self._settled.pop(((product, report), armed), None)
            self._armed[product, report] = armed

    def _fired(self, record: Record) -> None:
        began = self._began(record.producer_id)
        if began is None:
            return  # not a timer's
        deadline = RECORDS.read_input(DEADLINE.record, record.body.value or b"")
        if not isinstance(deadline, Deadline):
            return
        name, alarm = (deadline.product_id, deadline.report_id), (deadline.alarm, deadline.due)
        settled = self._settled.get((name, alarm))
        known = settled is not None or self._armed.get(name) == alarm
        expect("D5", known, f"alarm {alarm} of {name} was fired and never armed")
        late = settled is not None and settled < began
        expect(
            "D5", not late, f"alarm {alarm} of {name} was fired by a timer that began after it was settled"
        )
