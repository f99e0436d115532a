"""What the topics hold, read once from start to end: reports, journal, policies, partitions.

For the tools; nothing in here is on the worker's way.
"""

from collections.abc import Callable, Iterator

from confluent_kafka import Message

from qosresolve.contracts.records import Contracts, PublishedPolicy
from qosresolve.core.facts import Entry
from qosresolve.core.partition import PartitionState
from qosresolve.core.report import Report
from qosresolve.errors import ConfigError
from qosresolve.kafka import clients
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.reading import partitions_of, read_all
from qosresolve.settings import Settings
from qosresolve.topics import JOURNAL, PARTITION, POLICY, REPORT, Names, Topic

STALL_S = 60.0  # without progress
Wanted = Callable[[str, str], bool]  # product id, report id
Progress = Callable[[int, int], None]  # read so far, of so many
# The journal bears its workers' clocks, an entry its input's broker's: by so much they may differ.
SKEW = 600_000


def stored_reports(
    settings: Settings,
    contracts: Contracts,
    wanted: Wanted | None = None,
    progress: Progress | None = None,
) -> list[Report]:
    """Return the reports that are held, by opening; `wanted` chooses by (product, report) before decoding."""
    rows = latest(settings, places(settings, REPORT), progress)
    chosen = (value for key, value in rows.items() if wanted is None or wanted(*split(key)))
    reports = [contracts.read_report(value) for value in chosen]
    return sorted(reports, key=lambda report: (report.opened_at, report.report_id))


def journal_of(
    settings: Settings,
    contracts: Contracts,
    product_id: str | None = None,
    *,
    since: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Entry]:
    """Yield the journal's entries of one product, in order; of None all, each partition in its order.

    `since`, ms since the epoch, leaves out what was decided before, up to `SKEW` too little.
    """
    where = places(settings, JOURNAL)
    if product_id is not None:
        where = [where[partition_of(product_id, len(where))]]
    begin = None if since is None else max(0, since - SKEW)
    for message in read_all(settings, where, since=begin, progress=progress):
        value = message.value()
        if value is not None and (product_id is None or key_of(message) == product_id):
            yield contracts.read_entry(value)


def published_policies(settings: Settings, contracts: Contracts) -> list[PublishedPolicy]:
    """Return every published policy, oldest first."""
    rows = latest(settings, places(settings, POLICY))
    policies = [contracts.read_policy(value) for value in rows.values()]
    return sorted(policies, key=lambda policy: (policy.published_at, policy.hash))


def partition_states(
    settings: Settings, contracts: Contracts, *, stall_s: float = STALL_S
) -> dict[int, PartitionState]:
    """Return what each partition that was ever worked on remembers."""
    rows = latest(settings, places(settings, PARTITION), stall_s=stall_s)
    states = [contracts.read_partition(value) for value in rows.values()]
    return {state.partition: state for state in sorted(states, key=lambda state: state.partition)}


def places(settings: Settings, topic: Topic, operation: Operation = Operation.READ) -> list[Place]:
    """Return every partition of a topic. Raises ConfigError where it does not exist, or we may not see it."""
    name = Names(settings.prefix).of(topic)
    count = partitions_of(clients.admin(settings), name, operation)
    if count == 0:
        raise ConfigError(
            f"there is no topic {name}",
            setting="prefix",
            remedy="set the prefix of the topics, or make them with `qosresolve topics create`",
        )
    return [(name, number) for number in range(count)]


def latest(
    settings: Settings,
    where: list[Place],
    progress: Progress | None = None,
    *,
    stall_s: float = STALL_S,
) -> dict[str, bytes]:
    """Return the last value of every key that is not removed."""
    rows: dict[str, bytes] = {}
    for message in read_all(settings, where, stall_s=stall_s, progress=progress):
        put(rows, message)
    return rows


def put(rows: dict[str, bytes], message: Message) -> None:
    """Take one record of a compacted topic: a value replaces, a tombstone removes."""
    value = message.value()
    if value is None:
        rows.pop(key_of(message), None)
    else:
        rows[key_of(message)] = value


def key_of(message: Message) -> str:
    """Return a record's key as text."""
    return (message.key() or b"").decode(errors="replace")


def split(key: str) -> tuple[str, str]:
    """Return (product, report) of a key of the report topic; a product id may hold slashes."""
    product, _, report = key.rpartition("/")
    return product, report
