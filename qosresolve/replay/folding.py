"""One partition's journal, folded: what every report and watch is, and what of it can be proved. Pure."""

from collections.abc import Iterator
from typing import get_args

from qosresolve.core.case import Case
from qosresolve.core.facts import Entry, Fact, ReportForgotten, ReportRepaired, ShellFact
from qosresolve.core.fold import fold
from qosresolve.replay.differences import Name, Record, records_of

_SHELL = get_args(ShellFact)


class Folding:
    """The cases that the entries of a partition lead to; `shortened`: retention took the journal's first."""

    def __init__(self, *, shortened: bool = False) -> None:
        self.entries = 0
        self.products: set[str] = set()
        self._shortened = shortened
        self._cases: dict[str, Case] = {}
        self._begun: set[Name] = set()
        self._headless: set[Name] = set()  # told of, not forgotten, begun before what is retained

    def take(self, entry: Entry) -> tuple[Case, Case] | None:
        """Fold one entry; return its product's case before and after, None where it is about none."""
        self.entries += 1
        product = entry.product_id
        if not entry.facts or not product:
            return None
        self.products.add(product)
        before = self._cases.get(product) or Case(product)
        after = fold(before, entry)
        records = records_of(after)
        self._begun.update((product, name) for name in records)
        if self._shortened:
            self._without_beginning(entry)
        if records:
            self._cases[product] = after
        else:
            self._cases.pop(product, None)
        return before, after

    def _without_beginning(self, entry: Entry) -> None:
        for fact, name in about(entry):
            gone = isinstance(fact, ReportForgotten) or (isinstance(fact, ReportRepaired) and not fact.report)
            if gone or not name[1] or name in self._begun:
                self._headless.discard(name)
            else:
                self._headless.add(name)

    def case(self, product: str) -> Case:
        """Return a product's case, an empty one where nothing is held."""
        return self._cases.get(product) or Case(product)

    def records(self) -> dict[Name, Record]:
        """Return everything that is held, by its name."""
        return {
            (product, name): record
            for product, case in self._cases.items()
            for name, record in records_of(case).items()
        }

    @property
    def headless(self) -> frozenset[Name]:
        """Return the reports that the journal tells of without knowing how they began."""
        return frozenset(self._headless)

    def provable(self, name: Name, *, stored: bool) -> bool:
        """Tell whether the journal can say what a record is, that lies on its topic or not.

        Retention may have passed its beginning: its opening, or an older part of a watch's life.
        """
        if not self._shortened:
            return True
        if not stored:
            return name not in self._headless
        return bool(name[1]) and name in self._begun


def about(entry: Entry) -> Iterator[tuple[Fact, Name]]:
    """Yield the facts of an entry, each with the record that it is about; what the shell notes has none."""
    for fact in entry.facts:
        if entry.product_id and not isinstance(fact, _SHELL):
            yield fact, (entry.product_id, getattr(fact, "report_id", ""))
