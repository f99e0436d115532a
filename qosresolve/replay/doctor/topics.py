"""The topics against the table, and their options against what a restore and an outage need."""

from collections.abc import Iterable, Iterator, Mapping

from qosresolve.contracts.codec import MAX_BYTES
from qosresolve.kafka import topics_admin
from qosresolve.kafka.topics_admin import About
from qosresolve.replay.doctor.findings import Finding, Kind, Severity, lasting
from qosresolve.replay.doctor.site import Config, Site, number
from qosresolve.settings import Settings
from qosresolve.topics import INPUTS, JOURNAL, REQUESTS, STATE

_TOPICS = "docs/runbooks/topics-differ.md"
_RETENTION = "docs/runbooks/retention-short.md"
_SET = "kafka-configs.sh --bootstrap-server $BOOTSTRAP --alter --topic {subject} --add-config {option}"
_UNBOUNDED = -1

MISSING = Kind(
    "topic-missing",
    Severity.CRITICAL,
    "a topic of the table is not there: whoever needs it stops or waits",
    "qosresolve topics create",
    _TOPICS,
)
COUNTS = Kind(
    "partition-counts",
    Severity.CRITICAL,
    "co-partitioned topics differ in their partition counts: products would leave their state, so workers "
    "refuse to start",
    "",
    "docs/runbooks/partition-count.md",
)
OPTION = Kind(
    "topic-option",
    Severity.CRITICAL,
    "an option that the guarantees rest on is not as the table says: state would age out instead of being "
    "compacted, or events would carry their sender's clock",
    _SET,
    _TOPICS,
)
OTHER_OPTION = Kind(
    "topic-option-other",
    Severity.NOTE,
    "an option is not as the table says; on purpose, perhaps",
    _SET,
    _TOPICS,
)
SHORT = Kind(
    "retention-short",
    Severity.WARNING,
    "records age out before an outage of the budgeted length (`--outage`) is over: unread inputs stop the "
    "workers, unread requests never reach their party",
    _SET,
    _RETENTION,
)
BY_SIZE = Kind(
    "retention-by-size",
    Severity.WARNING,
    "records go when a partition is full, however old they are: a burst can remove what nobody has read",
    _SET,
    _RETENTION,
)
TOMBSTONES = Kind(
    "tombstones-short",
    Severity.WARNING,
    "tombstones may expire while a restore still reads (`restore_budget_ms`): removed reports come back",
    _SET,
    _TOPICS,
)
SMALL = Kind(
    "messages-small",
    Severity.WARNING,
    "the brokers refuse records of a legal size: the transaction that writes one fails again and again",
    _SET,
    _TOPICS,
)


def table(site: Site) -> Iterator[Finding]:
    """Are all topics there, with the same partition count, and configured as the table says?"""
    return differences(topics_admin.check(site.settings))


def differences(found: Iterable[topics_admin.Finding]) -> Iterator[Finding]:
    """Judge what `topics check` finds."""
    for each in found:
        if each.about is About.MISSING:
            yield MISSING.found(each.topic, "is not there")
        elif each.about is About.PARTITIONS:
            yield COUNTS.found(each.topic, each.what)
        elif each.about is About.CONFIG:
            kind = OPTION if each.wrong else OTHER_OPTION
            yield kind.found(each.topic, each.what, option=each.remedy.rpartition(" ")[2])


def retention(site: Site) -> Iterator[Finding]:
    """Do inputs and requests outlive an outage of the budgeted length?"""
    return too_short(site.config((*INPUTS, *REQUESTS)), site.outage_ms)


def too_short(configs: Mapping[str, Config], outage_ms: int) -> Iterator[Finding]:
    """Judge retention by time and by size."""
    for topic, config in configs.items():
        kept = number(config, "retention.ms")
        if kept is not None and kept != _UNBOUNDED and kept < outage_ms:
            seen = f"retention.ms is {kept} ({lasting(kept)}), the outage budget {lasting(outage_ms)}"
            yield SHORT.found(topic, seen, option=f"retention.ms={2 * outage_ms}")
        size = number(config, "retention.bytes")
        if size is not None and size != _UNBOUNDED:
            yield BY_SIZE.found(topic, f"retention.bytes is {size}", option=f"retention.bytes={_UNBOUNDED}")


def tombstones(site: Site) -> Iterator[Finding]:
    """Do tombstones outlive the slowest restore that is allowed?"""
    return expiring(site.config(STATE), site.settings)


def expiring(configs: Mapping[str, Config], settings: Settings) -> Iterator[Finding]:
    """Judge delete.retention.ms of the state topics."""
    budget = settings.restore_budget_ms
    for topic, config in configs.items():
        kept = number(config, "delete.retention.ms")
        if kept is not None and kept <= budget:
            seen = f"delete.retention.ms is {kept} ({lasting(kept)}), restore_budget_ms {lasting(budget)}"
            yield TOMBSTONES.found(
                topic, seen, option=f"delete.retention.ms={max(7 * 86_400_000, 2 * budget)}"
            )


def sizes(site: Site) -> Iterator[Finding]:
    """Do the brokers take records of every size that we write?"""
    return too_small(site.config((*STATE, JOURNAL, *REQUESTS)))


def too_small(configs: Mapping[str, Config]) -> Iterator[Finding]:
    """Judge max.message.bytes of what is written in transactions; that of dead letters is in the table."""
    for topic, config in configs.items():
        most = number(config, "max.message.bytes")
        if most is not None and most < MAX_BYTES:
            seen = f"max.message.bytes is {most}, records may have {MAX_BYTES}"
            yield SMALL.found(topic, seen, option="max.message.bytes=1048588")


KINDS = (MISSING, COUNTS, OPTION, OTHER_OPTION)
