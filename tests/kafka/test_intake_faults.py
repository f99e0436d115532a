"""Intake when something goes wrong: killed in mid-batch, rewound, rebalanced, its state or topics gone."""

import threading
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.cimpl import NewTopic

from qosresolve.errors import ConfigError, FatalError
from qosresolve.kafka import clients
from qosresolve.kafka.intake import foreign
from qosresolve.kafka.intake.role import Intake
from qosresolve.kafka.transaction import AbortedError, Transactions
from qosresolve.topics import DEAD_LETTERS, FOREIGN, INTAKE, INVENTORY, PARKED
from tests.kafka.conftest import MakeWorld
from tests.kafka.foreign import crossing, events, parked, relate, relation
from tests.kafka.harness import PARTITIONS, World, await_that, settings_for
from tests.kafka.supervised import supervised

RESOURCES = 8
EACH = 25
UNFOLDED = "intake_fold_ms=0"


def _send(world: World, first: int = 1, each: int = EACH) -> None:
    """Send crossings of each resource, in order, to the partition that is its number's."""
    for sequence in range(first, first + each):
        for number in range(RESOURCES):
            action = "CLEAR" if sequence % 2 == 0 else "SET"
            payload = crossing(f"r{number}", sequence, action)
            world.send(FOREIGN, f"r{number}", payload, number % PARTITIONS)
    world.flush()


def _know(world: World, *numbers: int) -> None:
    relate(world, *(relation(f"r{number}", f"P{number}-{at}") for number in numbers for at in range(2)))


def _check(world: World, each: int = EACH) -> None:
    """Each crossing is one event of each product, in order; nothing waits and nothing was buried."""
    found = events(world)
    wanted = {
        (f"r{number}", f"P{number}-{at}", sequence): 1
        for number in range(RESOURCES)
        for at in range(2)
        for sequence in range(1, each + 1)
    }
    assert Counter((event.object_id, event.product_id, event.sequence) for event in found) == wanted
    orders: dict[str, list[int]] = {}
    for event in found:
        orders.setdefault(event.product_id, []).append(event.sequence)
    assert all(order == sorted(order) for order in orders.values())
    assert parked(world) == {}
    assert world.messages(DEAD_LETTERS) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "death", ["kill:intake-taking:60", "kill:intake-produced:4", "kill:intake-committed:5"]
)
def test_a_killed_intake_loses_and_doubles_nothing(make_world: MakeWorld, tmp_path: Path, death: str) -> None:
    """Killed while it takes a record, with a batch produced, and with it committed but not remembered."""
    world = make_world()
    _know(world, 0, 1, 2, 3)
    _send(world)

    def half_out() -> bool:
        return len(events(world)) >= RESOURCES * EACH

    def all_out() -> bool:
        return len(events(world)) >= 2 * RESOURCES * EACH and not parked(world)

    more = ("batch_records=20", UNFOLDED)
    with supervised(world, tmp_path, death, *more, role="intake") as slot:
        slot.dies_with = -9
        slot.until(lambda: half_out() and len(parked(world)) == 4 * EACH, deaths=40)
        _know(world, 4, 5, 6, 7)
        slot.until(all_out, deaths=80)
        assert slot.statuses.count(-9) >= 2, "it was to die in mid-batch, more than once"
    _check(world)


def test_a_rewound_group_doubles_nothing(world: World) -> None:
    """Offsets that somebody set back are below the positions: skipped, and told."""
    _know(world, *range(RESOURCES))
    _send(world, each=5)
    with world.running(Intake, UNFOLDED):
        await_that(lambda: len(events(world)) == 2 * RESOURCES * 5, "all events")
    consumer = clients.reader(foreign.own(world.settings))
    name = world.names.of(FOREIGN)
    consumer.commit(offsets=[TopicPartition(name, at, 0) for at in range(PARTITIONS)], asynchronous=False)
    consumer.close()
    _send(world, 6, 1)
    with world.running(Intake, UNFOLDED):
        await_that(lambda: len(events(world)) >= 2 * RESOURCES * 6, "the news")
    _check(world, 6)


@pytest.mark.slow
def test_two_intakes_share_and_hand_over(world: World) -> None:
    """Partitions move while events flow and wait; each goes out once, in order."""
    _know(world, 0, 1, 2, 3)
    with world.running(Intake, UNFOLDED, "batch_records=10") as first:
        _send(world, 1, 8)
        await_that(lambda: events(world), "a first event")
        with world.running(Intake, UNFOLDED, "batch_records=10", slot="1") as second:
            _send(world, 9, 8)
            await_that(lambda: second.metric("qosresolve_intake_partitions", state="ready") > 0, "a share")
            _know(world, 4, 5)
            _send(world, 17, 8)
        _know(world, 6, 7)
        await_that(lambda: len(events(world)) >= 2 * RESOURCES * 24, "all events", 60)
        assert first.health.ready
    _check(world, 24)


def test_a_fold_never_outlives_an_aborted_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that fails once is taken again as if it had never been."""
    relate(world, relation("r", "P"))
    failed = threading.Event()
    commit = Transactions.commit

    def once(self: Transactions, *given: object) -> None:
        if not failed.is_set():
            failed.set()
            raise AbortedError("tried")
        commit(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Transactions, "commit", once)
    with world.running(Intake):
        world.send(FOREIGN, "r", crossing("r"))
        world.flush()
        await_that(lambda: events(world), "the event")
    assert failed.is_set()


# -- stops


def _stopped(world: World, *more: str) -> BaseException:
    settings = settings_for(world.settings.bootstrap_servers, world.settings.prefix, *more)
    started = world.start(Intake, settings)
    try:
        return await_that(lambda: started.failure, "stop")[0]
    finally:
        started.stop()


def _began(world: World) -> None:
    """Let an intake take one event and end."""
    relate(world, relation("r0", "P0"))
    world.send(FOREIGN, "r0", crossing("r0"), 0)
    world.flush()
    with world.running(Intake):
        await_that(lambda: events(world), "an event")


def _recreate(world: World, name: str) -> None:
    admin = clients.admin(world.settings)
    for future in admin.delete_topics([name]).values():
        future.result()
    await_that(lambda: name not in admin.list_topics(timeout=10).topics, "the end of a topic")

    def made() -> bool:
        try:
            admin.create_topics([NewTopic(name, PARTITIONS, 1)])[name].result()
        except Exception:  # noqa: BLE001 - the name is free a little later
            return False
        return True

    await_that(made, "the topic again")
    await_that(lambda: name in clients.admin(world.settings).list_topics(timeout=10).topics, "sight of it")


@pytest.mark.parametrize(
    ("topic", "page"), [(FOREIGN, "truncated-input"), (PARKED, "lost-state"), (INTAKE, "lost-state")]
)
def test_a_topic_that_was_created_anew_stops_intake(world: World, topic: object, page: str) -> None:
    """Its offsets, or its state, mean something else now: stopped with the page, before anything is read."""
    _began(world)
    _recreate(world, world.names.of(topic))  # type: ignore[arg-type]
    failure = _stopped(world)
    assert isinstance(failure, FatalError)
    assert f"docs/runbooks/{page}.md" in str(failure)


def test_what_cannot_work_is_told_before_anything_is_read(world: World) -> None:
    """A topic that does not exist, one of our own, a format that nobody knows: the setting is named."""
    for given, said in (
        ("nobody.has.it:auto", "does not exist"),
        (f"{world.names.of(INVENTORY)}:auto", "of qosresolve's own"),
        ("other:klingon", "nobody knows the format"),
    ):
        settings = settings_for(
            world.settings.bootstrap_servers, world.settings.prefix, f"intake_topics={given}"
        )
        with pytest.raises(ConfigError, match=said):
            world.start(Intake, settings)


def test_a_topic_that_is_taken_out_keeps_its_place(world: World) -> None:
    """Left out of the setting and named again, it goes on where it was."""
    name = f"{world.settings.prefix}vendor"
    admin = clients.admin(world.settings)
    admin.create_topics([NewTopic(name, 1, 1)])[name].result()
    relate(world, relation("r", "P"))
    producer = clients.plain_producer(world.settings)

    def vendor(sequence: int) -> None:
        producer.produce(name, crossing("r", sequence), b"k", 0)
        assert producer.flush(10) == 0

    vendor(1)
    with world.running(Intake, UNFOLDED, f"intake_topics={name}:auto"):
        await_that(lambda: len(events(world)) == 1, "the first")
    vendor(2)
    world.send(FOREIGN, "r", crossing("r", 10), 0)
    world.flush()
    with world.running(Intake, UNFOLDED):
        await_that(lambda: len(events(world)) == 2, "our own topic's")
    vendor(3)
    with world.running(Intake, UNFOLDED, f"intake_topics={name}:auto"):
        await_that(lambda: len(events(world)) == 4, "what came meanwhile")
    assert [event.sequence for event in events(world)] == [1, 10, 2, 3]
