"""The brokers' clock against this machine's, and deadlines that nobody settles.

Nobody tells the brokers' time; inputs carry it as their append time. One that arrives while we look tells how
far the clocks are apart. Those that lie there only bound it: none of them is of the future.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME

from qosresolve.contracts import headers as head
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka.alarms import key_of
from qosresolve.kafka.incoming import headers_of
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.reading import place_of, read_all
from qosresolve.replay.doctor.findings import Finding, Kind, Severity, by_topic, lasting, partitions
from qosresolve.replay.doctor.peek import watched
from qosresolve.replay.doctor.site import STALL_S, Site
from qosresolve.replay.live.overdue import Overdue
from qosresolve.topics import INPUTS, REPORT, WATCH

WATCH_S = 2.0
ALLOWED_MS = 1_000  # as the alert on the timer's skew

SKEWED = Kind(
    "clock-skew",
    Severity.WARNING,
    "this machine's clock and the brokers' are apart; deadlines follow the brokers', reports are dated by it",
    "chronyc tracking",
    "docs/runbooks/clock-skew.md",
)
UNTOLD = Kind(
    "clock-untold",
    Severity.NOTE,
    "no input came while we looked, so nobody told how far the clocks are apart; the timer's metric knows",
    "qosresolve doctor --only clock",
    "docs/runbooks/clock-skew.md",
)
OVERDUE = Kind(
    "deadlines-overdue",
    Severity.CRITICAL,
    "deadlines fell due and nobody settles them: thresholds, breaches and escalations of these reports wait",
    "kafka-consumer-groups.sh --bootstrap-server $BOOTSTRAP --group $GROUP --describe",
    "docs/runbooks/deadlines-overdue.md",
)
MALFORMED = Kind(
    "alarm-malformed",
    Severity.WARNING,
    "records of the state topics carry alarms that no worker wrote: their deadlines never fall due",
    "kafka-acls.sh --bootstrap-server $BOOTSTRAP --list --topic {subject}",
    "docs/runbooks/deadline-not-armed.md",
)


@dataclass(frozen=True, slots=True)
class Heard:
    """An input's append time and when we had it in hand, in ms; `live` where it came while we looked."""

    appended: int
    heard: int
    live: bool


@cache
def listened(site: Site) -> tuple[Heard, ...]:
    """Return what the inputs tell of the brokers' clock; waits until one comes, for a short time."""
    places = site.places(INPUTS)
    first, last = site.starts(places), site.ends(places)
    found = []
    for message in watched(site, {at: max(first[at], last[at] - 1) for at in places}, WATCH_S):
        kind, appended = message.timestamp()
        place, offset = place_of(message)
        if kind != TIMESTAMP_LOG_APPEND_TIME:
            continue
        found.append(Heard(appended, time.time_ns() // 1_000_000, offset >= last[place]))
        if found[-1].live:
            break
    return tuple(found)


def skew(heard: Sequence[Heard]) -> int | None:
    """Return the brokers' clock less ours, in ms, less the time that a record takes to us; None: unknown."""
    ahead = max((each.appended - each.heard for each in heard), default=0)
    live = [each.appended - each.heard for each in heard if each.live]
    if ahead > 0:
        return ahead
    return max(live) if live else None


def clock(site: Site) -> Iterator[Finding]:
    """Is this machine's clock that of the brokers?"""
    return apart(skew(listened(site)))


def apart(found: int | None) -> Iterator[Finding]:
    """Judge the skew."""
    if found is None:
        yield UNTOLD.found("clock", f"no input within {WATCH_S:.0f} s")
    elif abs(found) > ALLOWED_MS:
        ahead = "ahead of" if found > 0 else "behind"
        yield SKEWED.found("clock", f"the brokers are {lasting(abs(found))} {ahead} this machine")


# -- deadlines


@dataclass
class Alarms:
    """The alarms of all partitions, as the state topics' headers have them; malformed ones by place."""

    by_partition: dict[int, Overdue] = field(default_factory=dict)
    malformed: set[Place] = field(default_factory=set)

    def take(self, place: Place, key: bytes, value: bytes | None, headers: head.Given) -> None:
        """Arm, move or disarm what a record is about; `key` is unique over report and watch."""
        try:
            alarm = head.read_alarm(headers) if value is not None else None
        except PoisonRecordError:
            self.malformed.add(place)
            return
        self.by_partition.setdefault(place[1], Overdue()).arm(key, alarm)


def deadlines(site: Site) -> Iterator[Finding]:
    """Is a deadline overdue, and nobody settles it?"""
    alarms, watch = Alarms(), site.names.of(WATCH)
    places = site.places((REPORT, WATCH))
    for message in read_all(site.settings, places, stall_s=STALL_S, progress=lambda *_: _go_on(site)):
        place, _ = place_of(message)
        key = message.key() or b""
        alarms.take(place, key_of(key) if place[0] == watch else key, message.value(), headers_of(message))
    now = time.time_ns() // 1_000_000 + (skew(listened(site)) or 0)
    yield from overdue(alarms.by_partition, now, site.settings.audit_overdue_ms)
    for topic, numbers in by_topic(alarms.malformed).items():
        yield MALFORMED.found(topic, partitions(numbers))


def _go_on(site: Site) -> None:
    if site.late:
        raise TimeoutError("nobody waits for it any more")


def overdue(alarms: Mapping[int, Overdue], now: int, allowed_ms: int) -> Iterator[Finding]:
    """Judge what is due by more than is allowed."""
    counts = {number: count for number, each in alarms.items() if (count := each.look(now, allowed_ms))}
    if counts:
        oldest = min(due for number in counts if (due := alarms[number].oldest) is not None)
        seen = f"{sum(counts.values())} on {partitions(counts)}, the oldest for {lasting(now - oldest)}"
        yield OVERDUE.found("deadlines", seen)
