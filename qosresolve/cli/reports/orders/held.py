"""What the topics hold of products, reports and policies, read once and only as far as it is asked for."""

from functools import cached_property
from typing import Protocol

from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.core.partition import PartitionState
from qosresolve.core.policy import Policies
from qosresolve.core.report import Report
from qosresolve.errors import ConfigError
from qosresolve.kafka.cases import CaseStore
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.policies import PolicyBook
from qosresolve.kafka.windows import Windows
from qosresolve.replay.reports import latest, partition_states, places, split
from qosresolve.settings import Settings
from qosresolve.topics import REPORT, WATCH


class Held(Protocol):
    """What an order has to know before it is given."""

    def reports(self) -> list[Report]:
        """Return every report held, by opening."""

    def case(self, product_id: str) -> Case:
        """Return a product's reports and watch."""

    def policies(self, product_id: str, now: int) -> Policies:
        """Return every policy, with what its partition goes by at an instant. Raises ConfigError."""


class Topics:
    """What is held on the topics, committed records only."""

    def __init__(self, settings: Settings, contracts: Contracts) -> None:
        self._settings = settings
        self._contracts = contracts
        self._places = places(settings, REPORT)

    def reports(self) -> list[Report]:
        """Return every report held, by opening."""
        found = [self._contracts.read_report(value) for value in self._reports.values()]
        return sorted(found, key=lambda report: (report.opened_at, report.report_id))

    def case(self, product_id: str) -> Case:
        """Return a product's reports and watch, as the worker would restore them."""
        store = CaseStore(self._contracts, 1)
        for key, value in self._reports.items():
            if split(key)[0] == product_id:
                store.put_report(key, value)
        store.put_watch(product_id, self._watches.get(product_id))
        return store.get(product_id)

    def policies(self, product_id: str, now: int) -> Policies:
        """Return every policy, with the active one and the windows of the product's partition."""
        number = partition_of(product_id, len(self._places))
        state = self._states.get(number)
        if state is None or not state.active_policy:
            raise ConfigError(
                f"partition {number} follows no policy yet",
                setting="--dry-run",
                remedy="no worker has begun it: start one with `qosresolve run worker`",
            )
        return Windows(state.windows).beside(self._book.policies(state.active_policy), now)

    @cached_property
    def _reports(self) -> dict[str, bytes]:
        return latest(self._settings, self._places)

    @cached_property
    def _watches(self) -> dict[str, bytes]:
        return latest(self._settings, places(self._settings, WATCH))

    @cached_property
    def _states(self) -> dict[int, PartitionState]:
        return partition_states(self._settings, self._contracts)

    @cached_property
    def _book(self) -> PolicyBook:
        book = PolicyBook(self._settings, self._contracts)
        book.refresh()
        return book
