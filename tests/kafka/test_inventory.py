"""The inventory's topic on a real broker: read to its end, followed, written whole or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from qosresolve.errors import ConfigError, FatalError, FencedError
from qosresolve.intake.inventory import Relation
from qosresolve.kafka import clients
from qosresolve.kafka.inventory import InventoryFeed, places
from qosresolve.kafka.inventory_writing import Change, Writing
from qosresolve.kafka.reading import read_all
from qosresolve.settings import Settings
from qosresolve.telemetry.log import LibrdkafkaLog
from qosresolve.topics import INVENTORY
from tests.intake.relations import CONTRACTS, relation, written
from tests.kafka.harness import World, await_that, settings_for


@pytest.fixture
def world(kafka_bootstrap: str, prefix: str) -> World:
    """The topics of one test."""
    return World(settings_for(kafka_bootstrap, prefix, "restore_stall_ms=1000"))


@dataclass
class Following:
    """A feed that is polled by hand."""

    feed: InventoryFeed

    def until_ready(self) -> None:
        await_that(lambda: self.feed.poll(0.1) or self.feed.ready, "end of the inventory")

    def until(self, wanted: set[str]) -> None:
        seen: set[str] = set()

        def arrived() -> bool:
            seen.update(self.feed.poll(0.05))
            return seen >= wanted

        await_that(arrived, f"word of {wanted}")
        assert seen == wanted


@pytest.fixture
def following(world: World) -> Iterator[Following]:
    """A feed of it."""
    feed = InventoryFeed(world.settings, CONTRACTS)
    yield Following(feed)
    feed.close()


def as_change(made: Relation) -> Change:
    return made.key, written(made)


def write(settings: Settings, *changes: Change) -> None:
    with Writing(settings) as writing:
        writing.commit(changes, lambda _: None)


def rows(settings: Settings) -> list[tuple[bytes | None, bytes | None]]:
    return [(message.key(), message.value()) for message in read_all(settings, places(settings))]


def test_it_has_one_partition(world: World) -> None:
    """It lies beside no input: every intake reads all of it."""
    assert places(world.settings) == [(world.names.of(INVENTORY), 0)]


def test_what_lies_there_is_read_before_it_is_ready(world: World) -> None:
    """Until then nothing is told; then every relation is known, what was removed is not."""
    kept, gone = relation("r1", tier="gold"), relation("r2")
    heard: list[int] = []
    with Writing(world.settings) as writing:
        writing.commit((as_change(relation(f"n{number}")) for number in range(1_500)), heard.append)
    assert heard == [0, 1_000], "whoever waits sees how far it is"
    write(world.settings, as_change(kept), as_change(gone))
    write(world.settings, (gone.key, None))
    feed = InventoryFeed(world.settings, CONTRACTS)
    assert not feed.ready
    Following(feed).until_ready()
    assert feed.inventory.relations(("r1",)) == (kept,)
    assert not feed.inventory.knows("r2")
    assert len(feed.inventory) == 1_501
    feed.close()


def test_changes_are_followed(world: World, following: Following) -> None:
    """What is new, other and gone is told by object, while it runs; equal records tell nothing."""
    following.until_ready()
    one, other = relation("r1"), relation("a/b", "c/d")
    write(world.settings, as_change(one), as_change(other))
    following.until({"r1", "a/b"})
    write(world.settings, as_change(one), (other.key, None), as_change(relation("r3")))
    following.until({"a/b", "r3"})
    assert sorted(following.feed.inventory.objects()) == ["r1", "r3"]


def test_a_load_is_seen_whole_or_not_at_all(world: World, following: Following) -> None:
    """What was sent before it failed is never read."""
    following.until_ready()

    def broken() -> Iterator[Change]:
        yield as_change(relation("never"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Writing(world.settings) as writing:
        writing.commit(broken(), lambda _: None)
    write(world.settings, as_change(relation("r1")))
    following.until({"r1"})
    assert len(following.feed.inventory) == 1


def test_a_second_load_ends_the_first(world: World) -> None:
    """The first compared with what is not there any more: it writes nothing and says what to do."""
    with Writing(world.settings) as first:
        write(world.settings, as_change(relation("second")))
        with pytest.raises(FencedError, match="run it again"):
            first.commit([as_change(relation("first"))], lambda _: None)
    assert [key for key, _ in rows(world.settings)] == [b"second/P1"]


def test_a_load_that_was_killed_is_ended_by_the_next(world: World) -> None:
    """What it had sent is never read, and readers wait for it no longer."""
    killed = Writing(world.settings)
    killed.__enter__()
    killed._producer.begin_transaction()
    killed._producer.produce(world.names.of(INVENTORY), b"never", b"never/P1", partition=0)
    killed._producer.flush(10)
    write(world.settings, as_change(relation("r1")))
    feed = InventoryFeed(world.settings, CONTRACTS)
    Following(feed).until_ready()
    assert list(feed.inventory.objects()) == ["r1"]
    feed.close()


def test_behind_an_open_transaction_it_is_not_ready(world: World) -> None:
    """What may still be committed belongs to what it has to know; in the end it stops and says so."""
    write(world.settings, as_change(relation("r1")))
    producer = clients.transactional_producer(world.settings, LibrdkafkaLog().logger)
    producer.init_transactions(10)
    producer.begin_transaction()
    late = relation("late")
    producer.produce(world.names.of(INVENTORY), written(late), late.key.encode(), partition=0)
    producer.flush(10)
    feed = InventoryFeed(world.settings, CONTRACTS)
    with pytest.raises(FatalError, match="an open transaction"):
        Following(feed).until_ready()
    assert not feed.ready
    producer.commit_transaction(10)
    Following(feed).until_ready()
    assert feed.inventory.relations(("late",)) == (late,)
    feed.close()


def test_without_the_topic_it_says_what_to_do(kafka_bootstrap: str, prefix: str) -> None:
    """Nothing is known of a topic that is not there, least of all that it is empty."""
    settings = settings_for(kafka_bootstrap, prefix)
    with pytest.raises(ConfigError, match="topics create"):
        InventoryFeed(settings, CONTRACTS)
    with pytest.raises(ConfigError, match="topics create"):
        Writing(settings)
