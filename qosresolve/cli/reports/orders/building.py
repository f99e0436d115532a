"""From an order's fields to Commands: the one place that makes them."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from qosresolve.cli import bodies
from qosresolve.cli.people import user
from qosresolve.cli.reports.orders.order import Fields, Order
from qosresolve.cli.reports.orders.targets import obligation_of
from qosresolve.core.inputs import Command
from qosresolve.core.report import Report
from qosresolve.errors import ConfigError


def commands(order: Order, report: Report | None, now: int) -> list[Command]:
    """Return the commands of an order to one report, in order; None where its fields name the product.

    Raises ConfigError for what the worker would not take.
    """
    return [_command(order, fields, report, now) for fields in order.rounds]


def _command(order: Order, fields: Fields, report: Report | None, now: int) -> Command:
    values = _plain(fields) | {"verb": order.verb, "actor": order.manner.actor or user()}
    values["role"] = order.manner.role
    if report is not None:
        values |= {"product_id": report.product_id, "report_id": report.report_id}
        if "obligation_id" in values:
            values["obligation_id"] = obligation_of(report, values["obligation_id"])
    if "finding" in values:
        values["finding"] = {"source": values["actor"]} | values["finding"]
    made = bodies.body("command", values, now)
    if not isinstance(made, Command):
        raise ConfigError(f"not a command: {made}", setting=order.verb)
    return made


def _plain(fields: Fields) -> dict[str, Any]:
    """Return what was given, as JSON would have it."""
    plain: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping):
            plain[name] = _plain(value)
        elif value not in ("", None):
            plain[name] = value.value if isinstance(value, Enum) else value
    return plain
