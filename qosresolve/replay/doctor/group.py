"""Who works: the groups of the roles, and whether each partition has an owner in each."""

from collections.abc import Iterator
from dataclasses import dataclass

from confluent_kafka import ConsumerGroupState, KafkaException

from qosresolve.errors import RetriableError
from qosresolve.kafka.acls import Group, group_of
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.replay.doctor.findings import Finding, Kind, Severity, partitions, some
from qosresolve.replay.doctor.site import ASK_S, Site
from qosresolve.topics import ANCHOR

_DOWN = "docs/runbooks/process-down.md"
_DESCRIBE = (
    "kafka-consumer-groups.sh --bootstrap-server $BOOTSTRAP --group {subject} --describe --members --verbose"
)

NO_WORKER = Kind(
    "no-worker",
    Severity.CRITICAL,
    "no worker runs: nothing is decided, customers' clocks go on",
    "qosresolve run worker",
    _DOWN,
)
NO_TIMER = Kind(
    "no-timer",
    Severity.CRITICAL,
    "no timer runs: nothing falls due, thresholds and breaches are not noticed",
    "qosresolve run timer",
    _DOWN,
)
NO_AUDITOR = Kind(
    "no-auditor",
    Severity.NOTE,
    "no auditor runs: nobody compares state and journal while they are written",
    "qosresolve run auditor",
    _DOWN,
)
NO_INTAKE = Kind(
    "no-intake",
    Severity.NOTE,
    "no intake runs: what monitoring systems send in their own formats waits, if any do",
    "qosresolve run intake",
    _DOWN,
)
NO_NOTIFY = Kind(
    "no-notify",
    Severity.NOTE,
    "no notify runs: escalations wait on their topic, unless somebody else takes them from there",
    "qosresolve run notify",
    _DOWN,
)
UNOWNED = Kind(
    "partitions-without-owner",
    Severity.CRITICAL,
    "members are there, and some partitions belong to none of them: their events wait",
    _DESCRIBE,
    "docs/runbooks/partitions-without-owner.md",
)
REBALANCING = Kind(
    "rebalancing",
    Severity.NOTE,
    "the group shares its partitions anew at the moment: look again; if it stays so, a member hangs",
    _DESCRIBE,
    "docs/runbooks/partitions-without-owner.md",
)

_ABSENT = {
    Group.WORKERS: NO_WORKER,
    Group.TIMERS: NO_TIMER,
    Group.AUDITORS: NO_AUDITOR,
    Group.INTAKES: NO_INTAKE,
    Group.NOTIFIERS: NO_NOTIFY,
}
_SHARING = (ConsumerGroupState.PREPARING_REBALANCING, ConsumerGroupState.COMPLETING_REBALANCING)


@dataclass(frozen=True, slots=True)
class Members:
    """A group: how many are in it, which partitions they hold together, whether it shares them anew."""

    count: int
    held: frozenset[int]
    rebalancing: bool = False


def groups(site: Site) -> Iterator[Finding]:
    """Do workers and timers run, and has each partition an owner in each group?"""
    wanted = frozenset(number for _, number in site.places([ANCHOR]))
    names = {group: group_of(group, site.settings) for group in _ABSENT}
    futures = site.admin.describe_consumer_groups(list(names.values()), request_timeout=ASK_S)
    for group, name in names.items():
        try:
            seen = futures[name].result()
        except KafkaException as error:
            raise_if_denied(error)
            raise RetriableError(f"nobody describes the group {name}: {error.args[0].str()}") from error
        held = frozenset(at.partition for one in seen.members for at in one.assignment.topic_partitions)
        yield from members(group, name, Members(len(seen.members), held, seen.state in _SHARING), wanted)


def members(group: Group, name: str, seen: Members, wanted: frozenset[int]) -> Iterator[Finding]:
    """Judge one group."""
    if seen.count == 0:
        yield _ABSENT[group].found(name, "the group has no members")
    elif seen.rebalancing:
        yield REBALANCING.found(name, f"{seen.count} members, a rebalance is under way")
    elif wanted - seen.held:
        lost = wanted - seen.held
        yield UNOWNED.found(name, f"{partitions(lost)} of {len(wanted)}; members: {some([seen.count])}")


KINDS = (NO_WORKER, NO_TIMER, NO_AUDITOR, NO_INTAKE, NO_NOTIFY, UNOWNED, REBALANCING)
