"""The brokers that are there, and whether every partition is where it should be, as often as it should be."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from qosresolve.replay.doctor.findings import Finding, Kind, Severity, by_topic, partitions, some
from qosresolve.replay.doctor.site import Config, Replicas, Site, number

_REPLICATION = "docs/runbooks/replication.md"
_SET = "kafka-configs.sh --bootstrap-server $BOOTSTRAP --alter --topic {subject} --add-config {option}"
_DESCRIBE = "kafka-topics.sh --bootstrap-server $BOOTSTRAP --describe --topic {subject}"

FEW = Kind(
    "brokers-few",
    Severity.WARNING,
    "fewer brokers are there than each record has copies by the settings: some copies are missing",
    "kafka-broker-api-versions.sh --bootstrap-server $BOOTSTRAP",
    _REPLICATION,
)
NO_LEADER = Kind(
    "no-leader",
    Severity.CRITICAL,
    "nobody can read or write these partitions",
    _DESCRIBE,
    _REPLICATION,
)
BELOW = Kind(
    "below-min-insync",
    Severity.CRITICAL,
    "too few copies are in sync: the brokers refuse every write, no transaction commits",
    _DESCRIBE,
    _REPLICATION,
)
BEHIND = Kind(
    "under-replicated",
    Severity.WARNING,
    "copies are missing or behind: the next broker that fails may stop the writes",
    _DESCRIBE,
    _REPLICATION,
)
FEW_COPIES = Kind(
    "copies-few",
    Severity.WARNING,
    "a topic has fewer copies than the settings ask for",
    "kafka-reassign-partitions.sh --bootstrap-server $BOOTSTRAP --reassignment-json-file FILE --execute",
    _REPLICATION,
)
ONE_COPY = Kind(
    "one-copy",
    Severity.NOTE,
    "each record lies on one broker only, as the settings ask for: when its disk is lost, so is the record",
    "",
    _REPLICATION,
)
LOW = Kind(
    "min-insync-low",
    Severity.WARNING,
    "a record counts as written while it lies on one broker only: lost with it, although it was acknowledged",
    _SET,
    _REPLICATION,
)
HIGH = Kind(
    "min-insync-high",
    Severity.WARNING,
    "every copy has to be in sync: one broker that restarts stops all writes",
    _SET,
    _REPLICATION,
)
UNCLEAN = Kind(
    "unclean-election",
    Severity.WARNING,
    "a broker that lacks records may become leader: acknowledged records are lost, without a word",
    _SET,
    _REPLICATION,
)


def reachable(site: Site) -> Iterator[Finding]:
    """Do as many brokers answer as there are copies?"""
    return missing(site.brokers, site.settings.replication_factor)


def missing(brokers: Collection[int], wanted: int) -> Iterator[Finding]:
    """Judge the number of brokers."""
    if len(brokers) < wanted:
        yield FEW.found("brokers", f"{some(brokers)} there; replication_factor is {wanted}")


def replication(site: Site) -> Iterator[Finding]:
    """Has every partition a leader, and enough copies in sync?"""
    return copies(site.replicas, site.configs, site.settings.replication_factor)


def copies(replicas: Sequence[Replicas], configs: Mapping[str, Config], wanted: int) -> Iterator[Finding]:
    """Judge leaders and copies: of each partition what is worst."""
    judged = [(_worst(each, configs.get(each.topic, {}), wanted), each) for each in replicas]
    alone = {each.topic for found, each in judged if found is ONE_COPY}
    if alone:
        yield ONE_COPY.found("topics", f"one copy of each record of {some(alone)}")
    for kind, say in _SAID.items():
        where = [(each.topic, each.partition) for found, each in judged if found is kind]
        for topic, numbers in by_topic(where).items():
            one = next(each for found, each in judged if found is kind and each.topic == topic)
            yield kind.found(topic, f"{partitions(numbers)}: {say(one)}")


def _worst(each: Replicas, config: Config, wanted: int) -> Kind | None:
    """Return what is to be said of a partition."""
    least = number(config, "min.insync.replicas") or 1
    if each.leader < 0:
        return NO_LEADER
    if len(each.in_sync) < min(least, len(each.copies)) or least > len(each.copies):
        return BELOW
    if len(each.in_sync) < len(each.copies):
        return BEHIND
    if len(each.copies) < wanted:
        return FEW_COPIES
    return ONE_COPY if len(each.copies) == 1 else None


_SAID: dict[Kind, Callable[[Replicas], str]] = {
    NO_LEADER: lambda each: (
        f"no leader; copies on {some(each.copies)}, in sync {some(each.in_sync) or 'none'}"
    ),
    BELOW: lambda each: f"copies on {some(each.copies)}, in sync only {some(each.in_sync) or 'none'}",
    BEHIND: lambda each: f"copies on {some(each.copies)}, in sync {some(each.in_sync)}",
    FEW_COPIES: lambda each: f"copies on {some(each.copies)}",
}


def durability(site: Site) -> Iterator[Finding]:
    """Is a record that counts as written on more than one broker, and does it stay?"""
    return losing(site.replicas, site.configs)


def losing(replicas: Sequence[Replicas], configs: Mapping[str, Config]) -> Iterator[Finding]:
    """Judge min.insync.replicas and unclean elections of topics with several copies."""
    counts = {each.topic: len(each.copies) for each in replicas}
    for topic, count in counts.items():
        config = configs.get(topic, {})
        least = number(config, "min.insync.replicas")
        option = f"min.insync.replicas={max(1, count - 1)}"
        seen = f"min.insync.replicas is {least} of {count} copies"
        if least is not None and count > 2 and least < 2:
            yield LOW.found(topic, seen, option=option)
        if least is not None and count > 1 and least >= count:
            yield HIGH.found(topic, seen, option=option)
        if config.get("unclean.leader.election.enable") == "true" and count > 1:
            seen = "unclean.leader.election.enable is true"
            yield UNCLEAN.found(topic, seen, option="unclean.leader.election.enable=false")


KINDS = (NO_LEADER, BELOW, BEHIND, FEW_COPIES, ONE_COPY)
