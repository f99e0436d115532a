"""What an explanation needs from the topics: a product's journal, what controlled its partition, policies."""

from collections.abc import Iterable

from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry, PolicyActivated, WindowLifted, WindowSet
from qosresolve.core.policy import Policy
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.reading import read_all
from qosresolve.replay.policies import policies_of as published
from qosresolve.replay.reports import key_of, latest, places, split
from qosresolve.settings import Settings
from qosresolve.topics import JOURNAL, REPORT

SHORTEST = 4  # characters of an id that are enough to mean one
_CONTROL = (PolicyActivated, WindowSet, WindowLifted)


def entries_of(settings: Settings, contracts: Contracts, product_id: str) -> list[Entry]:
    """Return a product's entries in order, and between them those that control its partition."""
    where = places(settings, JOURNAL)
    place = where[partition_of(product_id, len(where))]
    entries = []
    for message in read_all(settings, [place]):
        value = message.value()
        if value is not None and key_of(message) in (product_id, ""):
            entry = contracts.read_entry(value)
            if entry.product_id == product_id or any(isinstance(fact, _CONTROL) for fact in entry.facts):
                entries.append(entry)
    return entries


def policies_of(settings: Settings, contracts: Contracts, entries: Iterable[Entry]) -> dict[str, Policy]:
    """Return the published policies that entries speak of. Raises ConfigError on one that is no policy."""
    wanted = {entry.policy for entry in entries}
    wanted |= {
        getattr(fact, "policy", "")
        for entry in entries
        for fact in entry.facts
        if not isinstance(fact, PolicyActivated)
    }
    return published(settings, contracts, wanted)


def held(settings: Settings, name: str) -> list[tuple[str, str]]:
    """Return (product, report) of the held reports of that product, or whose id is or begins so."""
    keys = map(split, latest(settings, places(settings, REPORT)))
    return sorted(key for key in keys if name in key or (len(name) >= SHORTEST and key[1].startswith(name)))
