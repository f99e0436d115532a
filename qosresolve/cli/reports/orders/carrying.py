"""Carrying out an order: which reports, are they not too many, ask, show. Exit status 0, 1 or 2."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from qosresolve.cli.asking import Asking
from qosresolve.cli.output import console, table
from qosresolve.cli.reports.orders import view
from qosresolve.cli.reports.orders.asked import Decision, Progress, Rehearsal, Worker, in_rounds
from qosresolve.cli.reports.orders.building import commands
from qosresolve.cli.reports.orders.held import Held, Topics
from qosresolve.cli.reports.orders.order import Order
from qosresolve.cli.reports.orders.targets import wanted
from qosresolve.cli.session import explained, tell, tool
from qosresolve.cli.times import now_ms
from qosresolve.core.inputs import Command
from qosresolve.core.report import Report
from qosresolve.errors import ConfigError, RetriableError
from qosresolve.kafka.wire import contracts_for
from qosresolve.settings import Settings

COULD_NOT = 2
MANY = 5  # commands that are worth a progress bar


def carry_out(order: Order) -> int:
    """Return 0 when all was applied, 1 when some was refused or without effect, 2 when it could not."""
    try:
        settings = tool(order.manner.config, order.manner.sets)
        held = Topics(settings, contracts_for(settings))
        decisions = decided(order, held, settings)
        view.show(order, decisions)
        _all_in_time(order, decisions)
    except Exception as error:
        known = explained(error)
        if known is None:
            raise
        tell(known)
        return COULD_NOT
    return int(not all(decision.applied for decision in decisions))


def decided(order: Order, held: Held, settings: Settings) -> list[Decision]:
    """Return what becomes of an order, or would. Raises ConfigError before anything is sent."""
    now = now_ms()
    orders = planned(order, held, now)
    if order.manner.dry_run:
        return in_rounds(Rehearsal(held, now), orders)
    if not orders:
        return []
    products = {command.product_id for each in orders for command in each}
    with (
        Asking(settings, contracts_for(settings), "command", products) as asking,
        _bar(sum(len(each) for each in orders)) as progress,
    ):
        return in_rounds(Worker(asking, order.manner.timeout), orders, progress)


def planned(order: Order, held: Held, now: int) -> list[list[Command]]:
    """Return the commands to give, report by report, once a person has agreed to several."""
    if "product_id" in order.rounds[0]:
        return [commands(order, None, now)]
    reports = wanted(order, held.reports())
    orders = [commands(order, report, now) for report in reports]
    if order.chosen.filtered and len(reports) > 1 and not (order.chosen.yes or order.manner.dry_run):
        _agreed(order, reports)
    return orders


def _agreed(order: Order, reports: Sequence[Report]) -> None:
    """Ask before many reports are ordered by a filter. Raises ConfigError where nobody agrees."""
    if not sys.stdin.isatty():
        raise ConfigError(
            f"{order.verb} would go to {len(reports)} reports, and nobody is there to ask",
            setting="--yes",
            remedy="look with --dry-run, then say --yes",
        )
    rows = [
        (item.product_id, item.report_id, item.status, item.severity, item.tier or "-") for item in reports
    ]
    columns = ("product", "report", "status", "severity", "tier")
    console(stderr=True).print(table(f"{order.verb}:", columns, rows))
    if not typer.confirm(f"{order.verb} these {len(reports)} reports?", err=True):
        raise ConfigError("not agreed, nothing was sent", setting="--yes")


@contextmanager
def _bar(count: int) -> Iterator[Progress]:
    """Show progress on a terminal when there is something to wait for."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    screen = console(stderr=True)
    columns = (TextColumn("waiting for decisions"), BarColumn(), MofNCompleteColumn())
    with Bar(
        *columns, console=screen, transient=True, disable=count <= MANY or not screen.is_terminal
    ) as bar:
        task = bar.add_task("waiting", total=count)
        yield lambda done: bar.update(task, completed=done)


def _all_in_time(order: Order, decisions: Sequence[Decision]) -> None:
    late = sum(decision.given and decision.entry is None for decision in decisions)
    if late:
        raise RetriableError(
            f"no decision within {order.manner.timeout:g} s for {late} of {len(decisions)}"
            "\n  remedy: the commands are sent; is a worker running (`qosresolve run worker`)?"
        )
