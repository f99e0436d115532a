"""What the positions tell of the foreign topics, before a partition starts: the rules that a worker has.

One thing is different: topics come and go with the setting. A foreign partition without a position begins at
its beginning, so that nothing is lost; one that is not read at present keeps its position.
"""

from collections.abc import Iterable, Mapping

import structlog
from confluent_kafka.admin import AdminClient

from qosresolve.core.partition import TopicIdentity
from qosresolve.errors import FatalError
from qosresolve.intake.state import ForeignPosition, IntakeState
from qosresolve.kafka.intake.partition import Partition
from qosresolve.kafka.offsets import Place, ends, starts
from qosresolve.kafka.positions import (
    identities,
    not_ahead,
    same_inputs,
    same_state,
    tell_rewound,
    whole,
    within,
)
from qosresolve.topics import INTAKE, INTAKE_STATE, PARKED, Names

ROLE = "intake"
Offsets = Mapping[Place, int]
Restored = IntakeState | None


def checked(
    admin: AdminClient,
    partition: Partition,
    restored: Restored,
    offsets: Offsets,
    names: Names,
) -> IntakeState:
    """Return the state to start from; `offsets` are the group's, of what is to be read.

    Raises FatalError with the remedy where state, group and topics do not fit together.
    """
    state = [names.of(topic) for topic in INTAKE_STATE]
    topics = dict.fromkeys(topic for topic, _ in offsets)
    ids = identities(admin, [*topics, *state])
    whole(starts(admin, [(topic, partition.number) for topic in state]))
    if restored is not None:
        same_state(restored, ids, names.of(INTAKE), (names.of(PARKED),), ROLE)
        same_inputs(restored, ids, topics)
    elif len(partition.lot):
        raise FatalError(
            f"{len(partition.lot)} observations are parked in partition {partition.number}, but it has no "
            "positions: state was lost or written by something else; see docs/runbooks/lost-state.md"
        )
    known = restored.offsets if restored is not None else {}
    first, last = starts(admin, offsets), ends(admin, offsets)
    for place, offset in offsets.items():
        if place in known:
            within(place, known[place], first[place], last[place])
            not_ahead(place, known[place], offset)
            tell_rewound(place, known[place], offset, ROLE)
        else:
            _never_read(place, offset, first[place])
    begun = {place: first[place] for place in offsets if place not in known}
    return _state(partition.number, {**known, **begun}, _listed(restored, ids))


def unchecked(number: int, restored: Restored, wanted: Iterable[Place]) -> IntakeState:
    """Return the same on a broker that keeps neither offsets nor ids: what is new begins at 0."""
    known = restored.offsets if restored is not None else {}
    return _state(number, dict.fromkeys(wanted, 0) | known, ())


def _never_read(place: Place, group_offset: int, first: int) -> None:
    """Refuse a group that took records of what has no position: whoever moved it wrote one."""
    topic, number = place
    if group_offset > first:
        raise FatalError(
            f"the group's offset of {topic} partition {number} is {group_offset}, it starts at {first}, and "
            "there is no position: state was lost, or somebody moved the group forward; see "
            "docs/runbooks/lost-state.md"
        )
    structlog.get_logger(role=ROLE).info(
        "read from its beginning: it has no position yet", topic=topic, partition=number, offset=first
    )


def _listed(restored: Restored, ids: Mapping[str, str]) -> tuple[TopicIdentity, ...]:
    """Return the ids of today, and those of topics that are not read at present."""
    known = {} if restored is None else {item.topic: item.id for item in restored.topic_ids}
    return tuple(TopicIdentity(topic, identity) for topic, identity in {**known, **ids}.items())


def _state(number: int, offsets: Offsets, ids: tuple[TopicIdentity, ...]) -> IntakeState:
    positions = tuple(ForeignPosition(*place, offset) for place, offset in offsets.items())
    return IntakeState(number, positions, ids)
