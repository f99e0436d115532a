"""Positions, group and inputs against each other; and what waits."""

from dataclasses import replace

import pytest

from qosresolve.core.partition import PartitionState, Position, TopicIdentity
from qosresolve.kafka.offsets import Place
from qosresolve.replay.doctor import inputs
from qosresolve.replay.doctor.inputs import Taken
from qosresolve.topics import DEGRADATION, INPUTS, REPORT, STATE, Names
from tests.replay.doctor.described import DAY, HOUR, NOW, names

NAMES = Names("p.")
ANCHOR = NAMES.of(DEGRADATION)
IDS = {NAMES.of(topic): f"id-{topic.name}" for topic in (*INPUTS, *STATE)}


def seen(**changes: int) -> Taken:
    """Return two partitions at offset 50 of 100; a test moves the anchor of the second."""
    places = [(name, number) for name in NAMES.inputs for number in (0, 1)]
    state = [(NAMES.of(topic), number) for topic in STATE for number in (0, 1)]
    here = (ANCHOR, 1)

    def of(name: str, usual: int, where: list[Place]) -> dict[Place, int]:
        return dict.fromkeys(where, usual) | ({here: changes[name]} if name in changes else {})

    states = {
        number: PartitionState(
            number,
            tuple(
                Position(name, changes.get("position", 50) if (name, number) == here else 50)
                for name in NAMES.inputs
            ),
            "policy",
            topic_ids=tuple(TopicIdentity(*item) for item in IDS.items()),
        )
        for number in (0, 1)
    }
    return Taken(
        states,
        of("before", 50, places),
        of("after", 50, places),
        of("first", 0, [*places, *state]),
        of("last", 100, places),
        IDS,
    )


@pytest.mark.parametrize(
    ("taken", "found"),
    [
        (seen(), []),
        (seen(before=49, after=50), []),  # it moved while we looked
        (seen(after=51), []),
        (seen(after=49), ["group-rewound"]),
        (seen(after=-1), []),  # forgotten: the positions know
        (seen(before=51), ["state-lost"]),
        (seen(first=51), ["records-aged-out"]),
        (seen(last=49), ["input-truncated"]),
    ],
)
def test_positions_group_and_input_agree(taken: Taken, found: list[str]) -> None:
    """What would stop a worker is critical; what moved between two looks is nothing."""
    assert names(inputs.disagreeing(taken, NAMES)) == found


def test_everything_that_differs_is_told_not_the_first_thing() -> None:
    """A worker stops at the first reason; whoever mends wants all of them, one a topic."""
    found = list(inputs.disagreeing(seen(first=51, after=10), NAMES))
    assert names(found) == ["records-aged-out", "group-rewound"]
    assert found[0].subject == ANCHOR


def test_an_input_that_was_created_anew() -> None:
    """Another id under the same name."""
    taken = replace(seen(), ids=IDS | {ANCHOR: "another"})
    (found,) = inputs.disagreeing(taken, NAMES)
    assert found.kind.name == "input-truncated"
    assert found.seen.endswith("(and 1 more)")


@pytest.mark.parametrize(
    "taken",
    [
        replace(seen(), ids=IDS | {NAMES.of(REPORT): "another"}),
        replace(seen(), first={**seen().first, (NAMES.of(REPORT), 0): 7}),
    ],
    ids=["created anew", "beginning deleted"],
)
def test_state_that_is_gone(taken: Taken) -> None:
    """A report topic that lost its records, by either way."""
    assert names(inputs.disagreeing(taken, NAMES)) == ["state-lost"]


@pytest.mark.parametrize(("offset", "found"), [(0, []), (-1, ["no-first-offsets"]), (7, ["state-lost"])])
def test_a_partition_that_never_ran(offset: int, found: list[str]) -> None:
    """It begins where the input does; a group that moved without a record lost it."""
    taken = seen(before=offset)
    others = {place: 0 for place in taken.before if place[1] == 1 and place[0] != ANCHOR}
    taken = replace(taken, states={0: taken.states[0]}, before={**taken.before, **others})
    assert names(inputs.disagreeing(taken, NAMES)) == found


@pytest.mark.parametrize(
    ("taken", "next_offset"),
    [(seen(), 50), (seen(after=60), 60), (seen(after=10), 50), (replace(seen(), states={}), 50)],
)
def test_the_next_offset_is_the_positions_word(taken: Taken, next_offset: int) -> None:
    """A rewound group does not make a lag; without a record the group says where to begin."""
    assert taken.next_of((ANCHOR, 1)) == next_offset


@pytest.mark.parametrize(
    ("age", "kept", "found"),
    [
        (None, 14 * DAY, []),
        (1_000, 14 * DAY, ["lag"]),
        (HOUR, 14 * DAY, ["lag-old"]),
        (13 * DAY + HOUR, 14 * DAY, ["lag-old", "unread-ages-out"]),
        (1_000, HOUR, ["lag"]),  # a retention that is short is another finding
        (HOUR, -1, ["lag-old"]),
    ],
)
def test_what_waits_is_told_by_its_age(age: int | None, kept: int, found: list[str]) -> None:
    """A busy moment is a note; older than that a warning; critical when retention is near."""
    written = {} if age is None else {("t", 0): NOW - age}
    configs = {"t": {"retention.ms": str(kept)}}
    assert names(inputs.waiting({("t", 0): 5}, written, configs, NOW, DAY)) == found
