"""What a report is chosen by: a few words of it, from the report itself or kept up from the journal. Pure.

Whoever follows the journal has facts and no reports; a card of each held report is enough to filter by. What
is shown of a report is not on it.
"""

from collections.abc import Iterable
from typing import Any

from qosresolve.core import facts as f
from qosresolve.core.facts import Entry, Fact
from qosresolve.core.record import changed, record
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import OPEN, Jeopardy, LinkKind, Severity, Status


@record
class Card:
    """The words that filters look at; `roots` are (cause id, entity) of the root causes that are known."""

    report_id: str
    product_id: str
    customer_id: str
    tier: str
    site: str
    policy: str
    cause_key: str
    opened_at: int
    status: Status
    severity: Severity
    jeopardy: Jeopardy = Jeopardy.NONE
    assignee: str = ""
    master: str = ""
    restored: bool = False
    roots: tuple[tuple[str, str], ...] = ()

    @property
    def open(self) -> bool:
        """Acknowledged, in progress, pending or held."""
        return self.status in OPEN

    @property
    def causes(self) -> frozenset[str]:
        """Return every name of what is behind it: cause key, master problem, entities of root causes."""
        return frozenset({self.cause_key, self.master, *(entity for _, entity in self.roots)} - {""})


def card_of(report: Report) -> Card:
    """Return a report's card."""
    return Card(
        report.report_id, report.product_id, report.customer_id, report.tier, report.site, report.policy,
        report.cause_key, report.opened_at, report.status, report.severity,
        report.escalation.jeopardy, report.assignee, report.link(LinkKind.MASTER_PROBLEM),
        report.restored_at is not None, tuple((cause.cause_id, cause.entity) for cause in report.root_causes),
    )  # fmt: skip


class Cards:
    """The cards of all held reports by product, kept up with the journal."""

    def __init__(self, reports: Iterable[Report] = ()) -> None:
        self._of: dict[str, dict[str, Card]] = {}
        for report in reports:
            self._of.setdefault(report.product_id, {})[report.report_id] = card_of(report)

    def about(self, entry: Entry) -> list[Card]:
        """Return the cards that an entry is about: of the reports it names, else all of its product."""
        held = self._of.get(entry.product_id, {})
        named = {getattr(fact, "report_id", "") for fact in entry.facts} - {""}
        return [card for card in held.values() if not named or card.report_id in named]

    def take(self, entry: Entry) -> None:
        """Take what an entry changes."""
        for fact in entry.facts:
            report_id = getattr(fact, "report_id", "")
            if report_id:
                self._take(entry.product_id, report_id, fact)

    def _take(self, product: str, report_id: str, fact: Fact) -> None:
        held = self._of.setdefault(product, {})
        if isinstance(fact, f.ReportOpened):
            held.setdefault(report_id, _opened(fact))  # a card that is newer knows more
        elif isinstance(fact, f.ReportRepaired) and fact.report is not None:
            held[report_id] = card_of(fact.report)
        elif isinstance(fact, f.ReportForgotten | f.ReportRepaired):
            held.pop(report_id, None)
        elif report_id in held:
            held[report_id] = after(held[report_id], fact)
        if not held:
            del self._of[product]


def _opened(fact: f.ReportOpened) -> Card:
    return Card(
        fact.report_id, fact.product_id, fact.customer_id, fact.tier, fact.site, fact.policy,
        fact.cause_key, fact.opened_at, Status.ACKNOWLEDGED, fact.severity,
    )  # fmt: skip


def after(card: Card, fact: Any) -> Card:  # noqa: ANN401 - any fact
    """Return a report's card after a fact about it."""
    match fact:
        case f.StatusChanged():
            return changed(card, status=fact.status)
        case f.SeverityChanged():
            return changed(card, severity=fact.severity)
        case f.InformationChanged(field="assignee"):
            return changed(card, assignee=fact.value)
        case f.LinkSet(kind=LinkKind.MASTER_PROBLEM):
            return changed(card, master=fact.reference)
        case _:
            return _called(card, fact)


def _called(card: Card, fact: Any) -> Card:  # noqa: ANN401 - any fact
    match fact:
        case f.EscalationRaised():
            return changed(card, jeopardy=fact.jeopardy)
        case f.EscalationEnded():
            stays = card.jeopardy is Jeopardy.BREACHED and not card.restored and card.open
            return changed(card, jeopardy=Jeopardy.BREACHED if stays else Jeopardy.NONE)
        case _:
            return _life(card, fact)


def _life(card: Card, fact: Any) -> Card:  # noqa: ANN401 - any fact
    match fact:
        case f.Restored():
            return changed(card, restored=True)
        case f.ReportReopened():
            return changed(card, restored=False, roots=())
        case f.RootCauseIdentified():
            cause = fact.root_cause
            others = tuple(one for one in card.roots if one[0] != cause.cause_id)
            return changed(card, roots=(*others, (cause.cause_id, cause.entity)))
        case f.RootCauseRevised():
            return changed(card, roots=tuple(one for one in card.roots if one[0] != fact.cause_id))
        case _:
            return card
