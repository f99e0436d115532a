"""The cases of one partition, as raw Avro bytes, decoded on first use.

Keys alone index a restore by product; a bounded number of decoded cases is kept. Changes come only from
`accept`, after a confirmed commit.
"""

from collections import OrderedDict
from collections.abc import Iterator

from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.errors import FatalError, PoisonRecordError
from qosresolve.kafka.note import READING, Note

Rows = dict[str, bytes]  # report id -> Avro bytes


class CaseStore:
    """Raw reports and watches by product, with a bounded cache of decoded cases."""

    def __init__(self, contracts: Contracts, cached: int, note: Note | None = None) -> None:
        self._contracts = contracts
        self._note = note or Note()
        self._cached = cached
        self._reports: dict[str, Rows] = {}
        self._watches: dict[str, bytes] = {}
        self._decoded: OrderedDict[str, Case] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of products with a report or a watch."""
        return len(self._reports.keys() | self._watches.keys())

    def put_report(self, key: str, value: bytes | None) -> None:
        """Take one record of the report topic; None removes it."""
        product, _, report_id = key.rpartition("/")
        self._decoded.pop(product, None)
        rows = self._reports.setdefault(product, {})
        if value is None:
            rows.pop(report_id, None)
        else:
            rows[report_id] = value
        if not rows:
            del self._reports[product]

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
        rows = self._reports.get(product)
        watch = self._watches.get(product)
        if rows is None and watch is None:
            return Case(product)
        place = self._note.enter(READING)
        case = self._decode(product, rows or {}, watch)
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


def unreadable(what: str, error: PoisonRecordError) -> str:
    """Return what to say of state that cannot be read, and where to look."""
    return f"{what}: the state cannot be read ({error}); see docs/runbooks/unreadable-state.md"
