"""The cases of one partition, as raw Avro bytes, decoded on first use.

Keys alone index a restore by product; a bounded number of decoded cases is kept. Changes come only from
`accept`, after a confirmed commit.

A million reports have to fit: nearly every product has one, which lies in the table as one string of bytes,
its id before its record. A dictionary of ids for each product would take another 290 bytes, and be one more
thing for the garbage collector to look at.
"""

from collections import OrderedDict
from collections.abc import Iterator

from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.errors import FatalError, PoisonRecordError
from qosresolve.kafka.note import READING, Note

Rows = dict[str, bytes]  # report id -> Avro bytes
_AFTER_ID = b"/"  # ids have none: they are what follows the last one of a key


class CaseStore:
    """Raw reports and watches by product, with a bounded cache of decoded cases."""

    def __init__(self, contracts: Contracts, cached: int, note: Note | None = None) -> None:
        self._contracts = contracts
        self._note = note or Note()
        self._cached = cached
        self._reports: dict[str, bytes | Rows] = {}  # the only report with its id before it, or several
        self._watches: dict[str, bytes] = {}
        self._decoded: OrderedDict[str, Case] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of products with a report or a watch."""
        return len(self._reports) + sum(product not in self._reports for product in self._watches)

    def put_report(self, key: str, value: bytes | None) -> None:
        """Take one record of the report topic; None removes it."""
        product, _, report_id = key.rpartition("/")
        self._decoded.pop(product, None)
        mark = report_id.encode() + _AFTER_ID
        held = self._reports.get(product)
        if held is None or (isinstance(held, bytes) and held.startswith(mark)):
            if value is not None:
                self._reports[product] = mark + value
            elif held is not None:
                del self._reports[product]
        else:
            self._put_beside(product, _rows(held), report_id, value)

    def _put_beside(self, product: str, rows: Rows, report_id: str, value: bytes | None) -> None:
        """Take a record of a product that has other reports."""
        if value is None:
            rows.pop(report_id, None)
        else:
            rows[report_id] = value
        if len(rows) > 1:
            self._reports[product] = rows
        else:
            ((last, only),) = rows.items()
            self._reports[product] = last.encode() + _AFTER_ID + only

    def put_watch(self, product: str, value: bytes | None) -> None:
        """Take one record of the watch topic; None removes it."""
        self._decoded.pop(product, None)
        if value is None:
            self._watches.pop(product, None)
        else:
            self._watches[product] = value

    def accept(self, case: Case) -> None:
        """Keep a case that was just committed, decoded: its bytes were put already."""
        self._remember(case)

    def _remember(self, case: Case) -> None:
        self._decoded[case.product_id] = case
        self._decoded.move_to_end(case.product_id)
        if len(self._decoded) > self._cached:
            self._decoded.popitem(last=False)

    def get(self, product: str) -> Case:
        """Return a product's case, an empty one where nothing is held.

        Raises FatalError where it cannot be read: to go on without would break what was promised.
        """
        case = self._decoded.get(product)
        if case is not None:
            return case
        held = self._reports.get(product)
        watch = self._watches.get(product)
        if held is None and watch is None:
            return Case(product)
        place = self._note.enter(READING)
        case = self._decode(product, {} if held is None else _rows(held), watch)
        self._note.leave(place)
        self._remember(case)
        return case

    def _decode(self, product: str, rows: Rows, watch: bytes | None) -> Case:
        try:
            reports = [self._contracts.read_report(row) for row in rows.values()]
            found = self._contracts.read_watch(watch) if watch else None
        except PoisonRecordError as error:
            raise FatalError(
                unreadable(f"reports {', '.join(rows) or 'none'} and watch of a product", error)
            ) from error
        reports.sort(key=lambda report: (report.opened_at, report.report_id))
        return Case(product, found, tuple(reports))

    def products(self) -> Iterator[str]:
        """Yield every product held."""
        return iter(self._reports.keys() | self._watches.keys())

    def reports(self) -> Iterator[tuple[str, bytes]]:
        """Yield key and record of every report held."""
        for product, held in self._reports.items():
            for report_id, value in _rows(held).items():
                yield f"{product}/{report_id}", value


def _rows(held: bytes | Rows) -> Rows:
    if isinstance(held, dict):
        return held
    report_id, _, value = held.partition(_AFTER_ID)
    return {report_id.decode(): value}


def unreadable(what: str, error: PoisonRecordError) -> str:
    """Return what to say of state that cannot be read, and where to look."""
    return f"{what}: the state cannot be read ({error}); see docs/runbooks/unreadable-state.md"
