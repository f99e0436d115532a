"""A product's journal as a history: what each fact found and what it left, up to an instant. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from qosresolve.core.case import Case
from qosresolve.core.facts import Entry, Fact, ReportForgotten, ReportOpened, WindowLifted, WindowSet
from qosresolve.core.fold import evolve, stamp
from qosresolve.core.obligation import AGAIN, Obligation
from qosresolve.core.partition import MaintenanceWindow
from qosresolve.core.report import Report
from qosresolve.replay.explain.model import Origin, UnprovableError


@dataclass(frozen=True, slots=True)
class Moment:
    """One fact, the case that it found, and the case that it left; `begins` is the case before its input."""

    entry: Entry
    fact: Fact
    begins: Case
    before: Case
    after: Case

    @property
    def origin(self) -> Origin:
        """Return the input behind it."""
        return origin_of(self.entry)


@dataclass(frozen=True, slots=True)
class State:
    """The case after an input; it stands until the next."""

    entry: Entry
    case: Case


def obligation_of(moment: Moment) -> Obligation:
    """Return what was asked of another party, as a fact about it left it. Raises LookupError."""
    fact: Any = moment.fact
    for case in (moment.after, moment.before):
        report = case.report(fact.report_id)
        item = report.obligation(fact.obligation_id) if report else None
        if item is not None:
            return item
    raise LookupError(f"no obligation {fact.obligation_id}")


def named(item: Obligation, report: Report | None) -> str:
    """Return what people call a request: node, for whom, and the attempt."""
    other = report.obligation(item.target) if report else None
    target = "" if item.target in ("", AGAIN) else other.node if other else item.target
    return f"{item.node}{f' for {target}' if target else ''} #{item.attempt}"


def origin_of(entry: Entry) -> Origin:
    """Return an entry's input, and the rule and policy that decided it."""
    cause, rule = entry.cause, entry.rule
    return Origin(
        entry.now, cause.topic, cause.partition, cause.offset, cause.event_id,
        str(entry.outcome), str(rule), rule.meaning, entry.policy,
    )  # fmt: skip


class History:
    """What a product's journal tells up to an instant, and what controlled its partition."""

    def __init__(self, product_id: str, entries: Iterable[Entry], at: int | None) -> None:
        taken = [entry for entry in entries if at is None or entry.now <= at]
        self.product_id = product_id
        self.entries = [entry for entry in taken if entry.product_id == product_id]
        self.control = [entry for entry in taken if not entry.product_id]
        self.moments: list[Moment] = []
        self.states: list[State] = []
        self.case = Case(product_id)
        self._held: dict[str, Report] = {}
        for entry in self.entries:
            self._take(entry)
        self.at = at if at is not None else max((entry.now for entry in self.entries), default=0)

    def _take(self, entry: Entry) -> None:
        begins = self.case
        for fact in entry.facts:
            before, self.case = self.case, evolve(self.case, fact)
            self.moments.append(Moment(entry, fact, begins, before, self.case))
        if entry.facts:
            self.case = stamp(self.case, entry)
        self._held |= {report.report_id: report for report in self.case.reports}
        self.states.append(State(entry, self.case))

    @property
    def opened(self) -> list[str]:
        """Return the ids of the reports that were opened, oldest first."""
        return [item.fact.report_id for item in self.moments if isinstance(item.fact, ReportOpened)]

    @property
    def named(self) -> list[str]:
        """Return the ids of all reports that facts speak of, in the order of the first word."""
        ids = (getattr(item.fact, "report_id", "") for item in self.moments)
        return list(dict.fromkeys(name for name in ids if name))

    def report(self, report_id: str) -> Report:
        """Return a report as it stands, or as it stood last. Raises UnprovableError."""
        if report_id in self._held:
            return self._held[report_id]
        oldest = min((entry.now for entry in self.entries), default=None)
        raise UnprovableError(
            f"unprovable: the opening of report {report_id} is not in the journal"
            + (" any more" if report_id in self.named else " of this product")
            + ("" if oldest is None else f"; its oldest record of the product is of {oldest} ms")
        )

    def about(self, report_id: str) -> list[Moment]:
        """Return the moments of one report."""
        return [item for item in self.moments if getattr(item.fact, "report_id", None) == report_id]

    def spanning(self, report_id: str) -> tuple[int, int | None]:
        """Return when a report was opened, and when the next one was or it was forgotten."""
        since, until = 0, None
        for item in self.moments:
            if isinstance(item.fact, ReportOpened) and item.fact.report_id == report_id:
                since = item.entry.now
            elif since and until is None and isinstance(item.fact, ReportOpened | ReportForgotten):
                ends = isinstance(item.fact, ReportOpened) or item.fact.report_id == report_id
                until = item.entry.now if ends else None
        return since, until

    def stands(self, report_id: str) -> Iterator[tuple[int, int, Report]]:
        """Yield (since, until, report) of every state of a report, between inputs that changed it."""
        previous: tuple[int, Report] | None = None
        for state in self.states:
            report = state.case.report(report_id)
            if previous is not None and report is not previous[1]:
                yield previous[0], state.entry.now, previous[1]
                previous = None
            if report is not None and previous is None:
                previous = (state.entry.now, report)
        if previous is not None:
            yield previous[0], max(self.at, previous[0]), previous[1]

    def windows(self) -> list[MaintenanceWindow]:
        """Return every maintenance window that the partition was ever told of, lifted or not."""
        return [fact.window for entry in self.control for fact in entry.facts if isinstance(fact, WindowSet)]

    def lifted(self) -> dict[str, int]:
        """Return when windows were lifted, by id."""
        return {
            fact.window_id: entry.now
            for entry in self.control
            for fact in entry.facts
            if isinstance(fact, WindowLifted)
        }
