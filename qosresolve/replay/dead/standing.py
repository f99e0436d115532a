"""How things stand for some products, and what the journal says of letters: read from the topics."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.core.partition import PartitionState
from qosresolve.core.policy import Policies
from qosresolve.kafka.cases import CaseStore
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.policies import PolicyBook
from qosresolve.kafka.reading import read_all
from qosresolve.replay.dead.book import Progress
from qosresolve.replay.dead.later import Overtaken
from qosresolve.replay.reports import key_of, partition_states, places, split
from qosresolve.settings import Settings
from qosresolve.topics import JOURNAL, REPORT, WATCH

CACHED = 1_000  # decoded cases
BEFORE = 300_000  # ms that clocks of writers may differ


@dataclass(frozen=True, slots=True)
class Topics:
    """What the topics hold of some products, committed records only."""

    _store: CaseStore
    _states: dict[int, PartitionState]
    _book: PolicyBook

    def case(self, product_id: str) -> Case:
        """Return a product's reports and watch."""
        return self._store.get(product_id)

    def state(self, number: int) -> PartitionState | None:
        """Return what a partition remembers."""
        return self._states.get(number)

    def policies(self, policy: str) -> Policies:
        """Return the policies with one of them active. Raises UnknownPolicyError."""
        return self._book.policies(policy)


def read_standing(settings: Settings, contracts: Contracts, products: Collection[str]) -> Topics:
    """Return how things stand for these products; only their partitions are read."""
    store, wanted = CaseStore(contracts, CACHED), set(products)
    for topic in (REPORT, WATCH):
        where = places(settings, topic)
        numbers = {partition_of(product, len(where)) for product in wanted}
        for message in read_all(settings, [where[number] for number in sorted(numbers)]):
            key = key_of(message)
            if topic is REPORT and split(key)[0] in wanted:
                store.put_report(key, message.value())
            elif topic is WATCH and key in wanted:
                store.put_watch(key, message.value())
    book = PolicyBook(settings, contracts)
    book.refresh()
    return Topics(store, partition_states(settings, contracts), book)


def ask_journal(
    settings: Settings,
    contracts: Contracts,
    asked: Overtaken,
    partitions: Iterable[int],
    since: int,
    progress: Progress | None = None,
) -> None:
    """Put questions to the journal of some partitions, from shortly before an instant on."""
    where = places(settings, JOURNAL)
    wanted = [where[number] for number in sorted(set(partitions)) if number < len(where)]
    for message in read_all(settings, wanted, since=max(0, since - BEFORE), progress=progress):
        value = message.value()
        if value is not None:
            asked.take(contracts.read_entry(value))
