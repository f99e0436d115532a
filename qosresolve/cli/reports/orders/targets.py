"""Which of the reports held are meant, by name, by filter, or by a request of theirs. Talks to no broker."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from qosresolve.cli.reports.filter import Filter
from qosresolve.cli.reports.orders.order import Chosen, Order
from qosresolve.core.case import Case
from qosresolve.core.obligation import Obligation
from qosresolve.core.report import Report
from qosresolve.errors import ConfigError

_NAMES = "REPORT_ID|PRODUCT_ID"
_LOOK = "see `qosresolve reports list`"
_SHOWN = 5
SHORTEST = 4  # characters of an id that are enough to mean one


def wanted(order: Order, held: Sequence[Report]) -> list[Report]:
    """Return the reports that an order is about. Raises ConfigError where that is not clear, or too many."""
    chosen, obligation = order.chosen, str(order.rounds[0].get("obligation_id", ""))
    if chosen.names and chosen.filtered:
        raise ConfigError("names and a filter", setting=_NAMES, remedy="give one of the two")
    if chosen.names:
        found = list({report.report_id: report for report in _named(chosen.names, held)}.values())
    elif chosen.filtered:
        found = _filtered(order, held)
    elif obligation:
        found = [_holder(held, obligation)]
    else:
        raise ConfigError(
            "which reports?", setting=_NAMES, remedy="name them, or choose them by e.g. --tier or --status"
        )
    _within(chosen, len(found))
    return found


def _filtered(order: Order, held: Sequence[Report]) -> list[Report]:
    by = order.chosen.by
    whole: Filter = by if by.statuses else replace(by, statuses=order.usual)
    return [report for report in held if whole.takes(report)]


def _within(chosen: Chosen, count: int) -> None:
    if count > chosen.most:
        raise ConfigError(
            f"{count} reports are meant, at most {chosen.most} are ordered at once",
            setting="--max",
            remedy=f"choose fewer, or say --max {count}",
        )


def _named(names: Iterable[str], held: Sequence[Report]) -> Iterable[Report]:
    for name in names:
        meant = _meant(name, held)
        if not meant:
            raise ConfigError(f"neither a report nor a product: {name}", setting=_NAMES, remedy=_LOOK)
        if len(meant) > 1:
            raise _ambiguous(name, [f"{item.product_id}/{item.report_id}" for item in meant], _NAMES)
        yield meant[0]


def _meant(name: str, held: Sequence[Report]) -> list[Report]:
    """Return the product's open or newest report, or those whose ids begin so.

    A product has to be named in full: the beginning of its id may well be another's.
    """
    case = Case(name, None, tuple(report for report in held if report.product_id == name))
    newest = case.open or case.latest
    return [newest] if newest else [report for report in held if _begins(report.report_id, name)]


def _begins(whole: str, name: str) -> bool:
    """Tell whether an id is meant; what a shell made of an unset variable means nothing."""
    return len(name) >= SHORTEST and whole.startswith(name)


def _holder(held: Sequence[Report], obligation: str) -> Report:
    found = [report for report in held if _by_id(report, obligation)]
    if not found:
        raise ConfigError(
            f"no report holds a request {obligation}",
            setting="OBLIGATION",
            remedy="`qosresolve reports show` lists a report's requests; a node's name needs the report too",
        )
    if len(found) > 1:
        raise _ambiguous(obligation, [report.report_id for report in found], "OBLIGATION")
    return found[0]


def obligation_of(report: Report, name: str) -> str:
    """Return the id of the request that is meant: by id, its beginning, or the node's name while unfinished.

    Raises ConfigError that names what the report holds.
    """
    at_node = [item for item in report.obligations if item.node == name and item.unfinished]
    found = _by_id(report, name) or at_node
    if len(found) > 1:
        raise _ambiguous(name, [_told(item) for item in found], "--obligation")
    if not found:
        there = (
            ", ".join(_told(item) for item in report.obligations if not item.ended) or "nothing unfinished"
        )
        raise ConfigError(
            f"report {report.report_id} holds no request {name}",
            setting="--obligation",
            remedy=f"held: {there}",
        )
    return found[0].obligation_id


def _by_id(report: Report, name: str) -> list[Obligation]:
    return [item for item in report.obligations if _begins(item.obligation_id, name)]


def _told(item: Obligation) -> str:
    whom = item.target or item.party
    return f"{item.node}{' for ' + whom if whom else ''} [{item.obligation_id}]"


def _ambiguous(name: str, found: Sequence[str], setting: str) -> ConfigError:
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    there = ", ".join(found[:_SHOWN]) + more
    return ConfigError(f"{name} may mean {there}", setting=setting, remedy="write more of it")
