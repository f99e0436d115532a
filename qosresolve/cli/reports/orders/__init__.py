"""Orders about reports: every command of the domain as a verb, given to one report or to many."""

from qosresolve.cli.reports.orders.verbs import add_to

__all__ = ["add_to"]
