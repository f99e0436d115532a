"""The cases of a replayed partition: raw bytes as a worker holds them, the last used ones decoded.

A worker writes a report with every transaction. Here it is written when its case makes room for another one,
so a product that is busy is encoded once, however many inputs it has.
"""

from collections import OrderedDict
from collections.abc import Iterator

from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.kafka.cases import CaseStore


class Cases:
    """Cases by product; at most `cached` of them decoded."""

    def __init__(self, contracts: Contracts, cached: int) -> None:
        self._contracts = contracts
        self._cached = cached
        self._store = CaseStore(contracts, 1)
        self._decoded: OrderedDict[str, Case] = OrderedDict()
        self._stored: dict[str, Case] = {}  # of those that changed since: what the store has

    def get(self, product: str) -> Case:
        """Return a product's case, an empty one where nothing is held. Raises FatalError as the store."""
        case = self._decoded.get(product)
        if case is None:
            case = self._store.get(product)
            if case.reports or case.watch is not None:
                self._keep(case)
        return case

    def put(self, case: Case) -> None:
        """Keep what a step, or a fold, made of a case."""
        product = case.product_id
        if product not in self._stored:
            before = self._decoded.get(product)
            self._stored[product] = Case(product) if before is None else before
        self._keep(case)

    def products(self) -> list[str]:
        """Return every product of which something is held, or was a moment ago."""
        return sorted({*self._store.products(), *self._decoded})

    def _keep(self, case: Case) -> None:
        self._decoded[case.product_id] = case
        self._decoded.move_to_end(case.product_id)
        if len(self._decoded) > self._cached:
            product, oldest = self._decoded.popitem(last=False)
            before = self._stored.pop(product, None)
            if before is not None:
                for key, value in self._changes(before, oldest):
                    self._store.put_report(key, value)
                if oldest.watch is not before.watch:
                    watch = oldest.watch
                    self._store.put_watch(
                        product, None if watch is None else self._contracts.write_watch(watch)
                    )

    def _changes(self, before: Case, after: Case) -> Iterator[tuple[str, bytes | None]]:
        """Yield key and bytes of reports that are not what the store has; nothing for those that are gone."""
        old = {report.report_id: report for report in before.reports}
        for report in after.reports:
            if old.pop(report.report_id, None) is not report:
                key = f"{after.product_id}/{report.report_id}"
                yield key, self._contracts.write_as("report", report)
        for gone in old:
            yield f"{after.product_id}/{gone}", None
