"""Transactions: time-outs that fit each other and the brokers, and none that is left open."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qosresolve.kafka.offsets import Place
from qosresolve.replay.doctor.findings import Finding, Kind, Severity, by_topic, lasting, partitions
from qosresolve.replay.doctor.site import Config, Site, number
from qosresolve.settings import Settings
from qosresolve.topics import TOPICS

_TIMEOUTS = "docs/runbooks/timeouts.md"
_OPEN = "docs/runbooks/open-transaction.md"
_LONGEST_MS = 900_000  # transaction.max.timeout.ms unless it is set
_CLASSIC = "classic"
_TOOL = "kafka-transactions.sh --bootstrap-server $BOOTSTRAP"
_WHERE = "--topic {subject} --partition {partition}"

REFUSED = Kind(
    "transaction-refused",
    Severity.CRITICAL,
    "the brokers allow no transaction of that length: a worker cannot start",
    "qosresolve run worker --set transaction_timeout_ms={most}",
    _TIMEOUTS,
)
SESSION = Kind(
    "session-refused",
    Severity.CRITICAL,
    "the brokers allow no session of that length: a worker cannot join its group",
    "qosresolve run worker --set session_timeout_ms={most}",
    _TIMEOUTS,
)
OUTLIVES = Kind(
    "transaction-outlives-session",
    Severity.WARNING,
    "a worker that dies leaves its transaction open for longer than its place in the group: whoever takes "
    "over waits for its end",
    "qosresolve run worker --set transaction_timeout_ms={most}",
    _TIMEOUTS,
)
STALLS = Kind(
    "transaction-stalls-restore",
    Severity.WARNING,
    "an open transaction holds a restore back for longer than restore_stall_ms: the next worker stops "
    "instead of waiting",
    "qosresolve run worker --set transaction_timeout_ms={most}",
    _TIMEOUTS,
)
UNSEEN = Kind(
    "broker-options-unseen",
    Severity.NOTE,
    "the brokers' own limits were not compared: that takes DescribeConfigs on the cluster, which no role has",
    "kafka-configs.sh --bootstrap-server $BOOTSTRAP --describe --entity-type brokers --all",
    _TIMEOUTS,
)
OPEN = Kind(
    "transaction-open",
    Severity.WARNING,
    "a transaction is open for longer than any of ours may be: who reads committed records, a restore too, "
    "waits below it",
    f"{_TOOL} describe-producers {_WHERE}",
    _OPEN,
)
HANGING = Kind(
    "transaction-hanging",
    Severity.CRITICAL,
    "the brokers should have ended this transaction and did not: nothing behind it is ever read",
    f"{_TOOL} find-hanging {_WHERE}",
    _OPEN,
)


def timeouts(site: Site) -> Iterator[Finding]:
    """Do our time-outs fit each other, and what the brokers allow?"""
    yield from unfitting(site.settings)
    configs = site.broker_configs
    if configs is None:
        yield UNSEEN.found("brokers", "they do not tell us their options")
    else:
        yield from not_allowed(site.settings, configs)


def unfitting(settings: Settings) -> Iterator[Finding]:
    """Judge our settings by themselves."""
    transaction, session = settings.transaction_timeout_ms, settings.session_timeout_ms
    stall = settings.restore_stall_ms
    if transaction > session:
        seen = f"transaction_timeout_ms is {transaction}, session_timeout_ms {session}"
        yield OUTLIVES.found("settings", seen, most=session)
    if transaction >= stall:
        seen = f"transaction_timeout_ms is {transaction}, restore_stall_ms {stall}"
        yield STALLS.found("settings", seen, most=stall // 2)


def not_allowed(settings: Settings, configs: Mapping[int, Config]) -> Iterator[Finding]:
    """Judge them by what each broker allows."""
    for broker, config in configs.items():
        subject = f"broker {broker}"
        most = number(config, "transaction.max.timeout.ms")
        asked = settings.transaction_timeout_ms
        if most is not None and asked > most:
            seen = f"transaction.max.timeout.ms is {most}, transaction_timeout_ms {asked}"
            yield REFUSED.found(subject, seen, most=most)
        if settings.group_protocol == _CLASSIC:
            yield from _session(subject, config, settings.session_timeout_ms)


def _session(subject: str, config: Config, asked: int) -> Iterator[Finding]:
    least, most = (number(config, f"group.{end}.session.timeout.ms") for end in ("min", "max"))
    if (least is not None and asked < least) or (most is not None and asked > most):
        seen = f"sessions may take {least} to {most} ms, session_timeout_ms is {asked}"
        yield SESSION.found(subject, seen, most=least if least is not None and asked < least else most)


@dataclass(frozen=True, slots=True)
class Decided:
    """Of one partition: up to where it is decided, its end, and where young records begin, by two ages."""

    stable: int
    end: int
    young: int  # of our own longest transaction
    younger_than_any: int  # of the longest that the brokers allow

    @property
    def kind(self) -> Kind | None:
        """Return what is to be said: the record at `stable` is the first of the oldest open transaction."""
        if self.stable >= self.end or self.stable >= self.young:
            return None
        return HANGING if self.stable < self.younger_than_any else OPEN


def hanging(site: Site) -> Iterator[Finding]:
    """Is a transaction open for longer than it may be?"""
    places = site.places(TOPICS)
    stable, ends = site.stable_ends(places), site.ends(places)
    held = [place for place in places if stable[place] < ends[place]]
    now, ours = time.time_ns() // 1_000_000, site.settings.transaction_timeout_ms
    any_of = longest(site.broker_configs)
    young, none = site.since(held, now - ours), site.since(held, now - any_of - ours)
    seen = {place: Decided(stable[place], ends[place], young[place], none[place]) for place in held}
    return left_open(seen, ours, any_of)


def longest(configs: Mapping[int, Config] | None) -> int:
    """Return for how long a transaction may be open, in ms, by the brokers' word or their default."""
    told = [number(config, "transaction.max.timeout.ms") for config in (configs or {}).values()]
    return max((each for each in told if each is not None), default=_LONGEST_MS)


def left_open(seen: Mapping[Place, Decided], ours_ms: int, longest_ms: int) -> Iterator[Finding]:
    """Judge what is not decided yet."""
    for kind, age in ((HANGING, longest_ms), (OPEN, ours_ms)):
        where = {place: at for place, at in seen.items() if at.kind is kind}
        for topic, numbers in by_topic(where).items():
            stable = where[topic, numbers[0]].stable
            what = f"{partitions(numbers)}: open from offset {stable} for more than {lasting(age)}"
            yield kind.found(topic, what, partition=numbers[0])
