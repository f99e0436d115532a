"""The inputs: how far they are taken, what retention takes first, and whether positions and group agree.

Group, positions and group again, in this order: both move in one transaction, so the group of before is never
ahead of the positions, and that of after never behind them.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial

from confluent_kafka import TopicPartition

from qosresolve.core.partition import PartitionState
from qosresolve.errors import FatalError
from qosresolve.kafka import clients, positions
from qosresolve.kafka.offsets import Place
from qosresolve.replay.doctor.findings import Finding, Kind, Severity, by_topic, lasting, partitions
from qosresolve.replay.doctor.peek import first_of_each
from qosresolve.replay.doctor.site import STALL_S, Config, Site, number
from qosresolve.replay.reports import partition_states
from qosresolve.topics import INPUTS, PARTITION, REPORT, STATE, WATCH, Names

OLD_MS = 300_000  # a record that waits for longer is more than a busy moment
_GROUP = "kafka-consumer-groups.sh --bootstrap-server $BOOTSTRAP --group $GROUP --describe"
_LAG = "docs/runbooks/lag.md"
_LOST = "docs/runbooks/lost-state.md"
_TRUNCATED = "docs/runbooks/truncated-input.md"
_PASSED = "docs/runbooks/retention-passed.md"

LAG = Kind("lag", Severity.NOTE, "records wait to be taken", _GROUP, _LAG)
OLD = Kind(
    "lag-old",
    Severity.WARNING,
    "records wait for longer than a busy moment: workers are down, stopped, or too slow",
    _GROUP,
    _LAG,
)
AGING = Kind(
    "unread-ages-out",
    Severity.CRITICAL,
    "retention removes records that nobody has taken within less than the outage budget (`--outage`): then "
    "workers refuse to go on",
    "kafka-configs.sh --bootstrap-server $BOOTSTRAP --alter --topic {subject} --add-config {option}",
    "docs/runbooks/retention-short.md",
)
AGED = Kind(
    "records-aged-out",
    Severity.CRITICAL,
    "retention removed records that nobody has taken: the next worker of this partition refuses to start",
    "kafka-get-offsets.sh --bootstrap-server $BOOTSTRAP --topic {subject} --time -2",
    _PASSED,
)
TRUNCATED = Kind(
    "input-truncated",
    Severity.CRITICAL,
    "an input was truncated or created anew: its offsets mean other records, workers refuse to start",
    "kafka-topics.sh --bootstrap-server $BOOTSTRAP --describe --topic {subject}",
    _TRUNCATED,
)
LOST = Kind(
    "state-lost",
    Severity.CRITICAL,
    "state was lost, or somebody moved the group forward: workers refuse to start",
    _GROUP,
    _LOST,
)
NO_OFFSETS = Kind(
    "no-first-offsets",
    Severity.CRITICAL,
    "neither the group nor the partition knows where to begin: workers refuse to start",
    "qosresolve topics create",
    "docs/runbooks/topics-differ.md",
)
REWOUND = Kind(
    "group-rewound",
    Severity.WARNING,
    "the group was set back: harmless, what was taken is skipped; but who does it may do it forward",
    _GROUP,
    "docs/runbooks/group-rewound.md",
)
_BY_PAGE = {_PASSED: AGED, _TRUNCATED: TRUNCATED, _LOST: LOST}


@dataclass(frozen=True, slots=True)
class Taken:
    """What is known of how far inputs are taken; by (topic, partition)."""

    states: Mapping[int, PartitionState]
    before: Mapping[Place, int]  # the group's offsets, asked before the states were read
    after: Mapping[Place, int]  # and after
    first: Mapping[Place, int]  # also of the state topics
    last: Mapping[Place, int]
    ids: Mapping[str, str]

    def next_of(self, place: Place) -> int:
        """Return the next offset to take: by the position, else by the group, else where the input begins."""
        topic, partition = place
        state = self.states.get(partition)
        known = [at.next_offset for at in state.positions if at.topic == topic] if state else []
        return max([*known, self.after[place]] if known else [self.after[place], self.first[place]])


@cache
def taken(site: Site) -> Taken:
    """Ask group, partition records and inputs, in the order that makes them comparable."""
    inputs, state = site.places(INPUTS), site.places(STATE)
    first = site.starts([*inputs, *state])
    consumer = clients.reader(site.settings)
    try:
        wanted = [TopicPartition(*place) for place in inputs]
        before = positions.committed_at(consumer, wanted)
        states = partition_states(site.settings, site.contracts, stall_s=STALL_S)
        after = positions.committed_at(consumer, wanted)
    finally:
        consumer.close()
    names = [site.names.of(topic) for topic in (*INPUTS, *STATE)]
    ids = positions.identities(site.admin, [name for name in names if name in site.present])
    return Taken(states, before, after, first, site.ends(inputs), ids)


# -- positions


def places(site: Site) -> Iterator[Finding]:
    """Do positions, group and inputs agree, so that a worker would start?"""
    return disagreeing(taken(site), site.names)


def disagreeing(seen: Taken, names: Names) -> Iterator[Finding]:
    """Judge as a worker does before it starts; of each partition everything, not the first."""
    stops: dict[tuple[Kind, str], list[tuple[int, str]]] = {}
    for topic, partition, check in _checks(seen, names):
        try:
            check()
        except FatalError as error:
            said, _, page = str(error).partition("; see ")
            stops.setdefault((_BY_PAGE[page], topic), []).append((partition, said))
    for (kind, topic), found in stops.items():
        where = sorted({number for number, _ in found})
        yield kind.found(topic, found[0][1] + (f" (and {len(where) - 1} more)" if len(where) > 1 else ""))
    yield from _rewound(seen)
    yield from _unstarted(seen)


def _checks(seen: Taken, names: Names) -> Iterator[tuple[str, int, Callable[[], None]]]:
    """Yield what a worker would make sure of, by topic and partition."""
    for place, start in seen.first.items():
        if place not in seen.last:  # a state topic
            yield *place, partial(positions.whole, {place: start})
    whole = all(names.of(topic) in seen.ids for topic in STATE)
    for partition, state in seen.states.items():
        if whole:
            beside = (names.of(REPORT), names.of(WATCH))
            alone = partial(positions.same_state, state, seen.ids, names.of(PARTITION), beside)
            yield names.of(PARTITION), partition, alone
        for at in state.positions:
            place = (at.topic, partition)
            if place in seen.last:
                yield *place, partial(positions.same_inputs, state, seen.ids, [at.topic])
                ends = seen.first[place], seen.last[place]
                yield *place, partial(positions.within, place, at.next_offset, *ends)
                yield *place, partial(positions.not_ahead, place, at.next_offset, seen.before[place])


def _rewound(seen: Taken) -> Iterator[Finding]:
    back = {
        (at.topic, partition): at.next_offset - seen.after[at.topic, partition]
        for partition, state in seen.states.items()
        for at in state.positions
        if positions.rewound(at.next_offset, seen.after.get((at.topic, partition), -1))
    }
    for topic, numbers in by_topic(back).items():
        most = max(back[topic, each] for each in numbers)
        yield REWOUND.found(
            topic, f"{partitions(numbers)}: the group is up to {most} records below the position"
        )


def _unstarted(seen: Taken) -> Iterator[Finding]:
    """Judge partitions without a record: they begin where the group says, which is where the input begins."""
    fresh = {place: offset for place, offset in seen.before.items() if place[1] not in seen.states}
    for topic, numbers in by_topic([place for place, offset in fresh.items() if offset < 0]).items():
        yield NO_OFFSETS.found(topic, f"{partitions(numbers)}: no offset of the group, no partition record")
    ahead = [place for place, offset in fresh.items() if offset > seen.first[place]]
    for topic, numbers in by_topic(ahead).items():
        yield LOST.found(
            topic, f"{partitions(numbers)}: the group has moved, and there is no partition record"
        )


# -- lag


def lag(site: Site) -> Iterator[Finding]:
    """How much waits, for how long, and for how long will it still be there?"""
    seen = taken(site)
    unread = {
        place: (seen.next_of(place), end) for place, end in seen.last.items() if seen.next_of(place) < end
    }
    found = first_of_each(site, {place: max(seen.first[place], at) for place, (at, _) in unread.items()})
    ages = {place: message.timestamp()[1] for place, message in found.items()}
    counts = {place: end - at for place, (at, end) in unread.items()}
    return waiting(counts, ages, site.config(INPUTS), time.time_ns() // 1_000_000, site.outage_ms)


def waiting(
    counts: Mapping[Place, int],
    written: Mapping[Place, int],
    configs: Mapping[str, Config],
    now: int,
    outage_ms: int,
) -> Iterator[Finding]:
    """Judge what waits: `counts` in offsets, `written` when the first unread record of a place was."""
    for topic, numbers in by_topic(written).items():
        oldest = min(written[topic, each] for each in numbers)
        total = sum(counts[topic, each] for each in numbers)
        seen = f"{total} wait on {partitions(numbers)}, the oldest for {lasting(max(0, now - oldest))}"
        yield (OLD if now - oldest > OLD_MS else LAG).found(topic, seen)
        kept = number(configs.get(topic, {}), "retention.ms")
        if kept is not None and kept >= 0 and oldest + kept - now < min(outage_ms, kept // 2):
            left = lasting(max(0, oldest + kept - now))
            yield AGING.found(
                topic, f"the oldest unread record goes in {left}", option=f"retention.ms={2 * kept}"
            )
