"""The intake role on a real broker: what others send becomes events, each exactly once, or waits."""

from collections import Counter

from qosresolve.core.vocabulary import DegradationKind
from qosresolve.kafka.intake.role import Intake
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.worker import Worker
from qosresolve.topics import DEAD_LETTERS, DEGRADATION, FOREIGN
from tests.kafka.conftest import MakeWorld
from tests.kafka.foreign import alert, crossing, events, parked, relate, relation, unrelate
from tests.kafka.harness import PARTITIONS, World, await_that


def test_a_ves_alert_becomes_a_report(world: World) -> None:
    """A crossing on the foreign topic is an event of its product, and the worker opens a report for it."""
    relate(world, relation("vnf-1", "P1", customer_id="C1", site="S1", offering="O1"))
    with world.running(Intake), world.running(Worker):
        world.send(FOREIGN, "vnf-1", crossing("vnf-1"))
        report = world.await_report("P1", lambda item: item.open, "opened")
        world.send(FOREIGN, "vnf-1", crossing("vnf-1", 2, "CLEAR"))
        world.await_report("P1", lambda item: item.restored_at is not None, "restored")
    assert (report.customer_id, report.site, report.offering, report.tier) == ("C1", "S1", "O1", "gold")
    raised, cleared = events(world)
    assert (raised.kind, cleared.kind) == (DegradationKind.RAISE, DegradationKind.ABATE)
    (message, _) = world.messages(DEGRADATION)
    assert message.partition() == partition_of("P1", PARTITIONS)
    assert f"{world.names.of(FOREIGN)}/" in str(dict(message.headers() or [])["foreign"])


def test_what_waits_goes_on_in_order(world: World) -> None:
    """Events of an unknown object are parked; when the inventory learns of it they go out as they came."""
    with world.running(Intake):
        for at, action in enumerate(("SET", "CONT", "CLEAR", "SET"), 1):
            world.send(FOREIGN, "vnf-1", crossing("vnf-1", at, action))
        world.flush()
        await_that(lambda: len(parked(world)) == 4, "four parked")
        relate(world, relation("vnf-1", "P1"))
        await_that(lambda: len(events(world)) == 4, "four events")
        world.send(FOREIGN, "vnf-1", crossing("vnf-1", 5, "CLEAR"))
        world.flush()
        await_that(lambda: len(events(world)) == 5, "the fifth")
    assert [event.sequence for event in events(world)] == [1, 2, 3, 4, 5]
    assert parked(world) == {}


def test_what_is_parked_survives_a_restart(world: World) -> None:
    """An intake that starts anew knows what waits, and finds what the inventory learned meanwhile."""
    with world.running(Intake):
        world.send(FOREIGN, "vnf-1", crossing("vnf-1"))
        world.flush()
        await_that(lambda: parked(world), "one parked")
    relate(world, relation("vnf-1", "P1"))
    with world.running(Intake):
        await_that(lambda: events(world), "an event")
    assert parked(world) == {}


def test_a_removed_relation_is_no_product_any_more(world: World) -> None:
    """After its relation is gone an object's events are parked again."""
    relate(world, relation("vnf-1", "P1"), relation("vnf-1", "P2"))
    with world.running(Intake) as intake:
        world.send(FOREIGN, "vnf-1", crossing("vnf-1", 1))
        world.flush()
        await_that(lambda: len(events(world)) == 2, "both products' events")
        unrelate(world, relation("vnf-1", "P2"))
        await_that(lambda: intake.metric("qosresolve_intake_inventory_relations") == 1, "the removal")
        world.send(FOREIGN, "vnf-1", crossing("vnf-1", 2, "CLEAR"))
        world.flush()
        await_that(lambda: len(events(world)) == 3, "the event of the product that is left")
        unrelate(world, relation("vnf-1", "P1"))
        await_that(lambda: intake.metric("qosresolve_intake_inventory_relations") == 0, "the removal")
        world.send(FOREIGN, "vnf-1", crossing("vnf-1", 3))
        world.flush()
        await_that(lambda: parked(world), "one parked")
    assert Counter(event.product_id for event in events(world)) == {"P1": 2, "P2": 1}


def test_what_waits_too_long_is_a_dead_letter(make_world: MakeWorld) -> None:
    """After the time limit the original lies on the dead-letter topic with the reason, and waits no more."""
    world = make_world()
    payload = crossing("nobody")
    with world.running(Intake, "parked_ms=1000") as intake:
        world.send(FOREIGN, "nobody", payload)
        world.flush()
        (letter,) = await_that(lambda: world.messages(DEAD_LETTERS), "a dead letter")
        await_that(lambda: intake.metric("qosresolve_intake_given_up_total") == 1, "one given up")
    headers = dict(letter.headers() or [])
    assert letter.value() == payload
    assert headers["__connect.errors.stage"] == b"parked"
    assert "no product became known" in str(headers["__connect.errors.exception.message"])
    assert parked(world) == {}


def test_a_wide_fan_out_goes_in_chunks(make_world: MakeWorld) -> None:
    """One resource under more products than a batch holds: each gets its event once, all of one cause."""
    world = make_world()
    relate(world, *(relation("core", f"P{at:04}") for at in range(250)))
    with world.running(Intake, "batch_records=20"):
        world.send(FOREIGN, "core", crossing("core", 1))
        world.send(FOREIGN, "core", crossing("core", 2, "CLEAR"))
        world.flush()
        await_that(lambda: len(events(world)) >= 500, "500 events")
    found = events(world)
    assert Counter((event.product_id, event.sequence) for event in found) == {
        (f"P{at:04}", sequence): 1 for at in range(250) for sequence in (1, 2)
    }
    assert {event.cause_key for event in found} == {"core"}
    seen: dict[str, list[int]] = {}
    for event in found:
        seen.setdefault(event.product_id, []).append(event.sequence)
    assert all(order == [1, 2] for order in seen.values()), "the clear never overtakes"
    assert parked(world) == {}


def test_garbage_is_buried_and_the_rest_taken(world: World) -> None:
    """Bytes that nobody understands are dead letters, identical; what is around them goes its way."""
    relate(world, relation("vnf-1", "P1"))
    with world.running(Intake):
        for value in (b"\x00\xff", None, b"{}", crossing("vnf-1"), b"[1, 2"):
            world.send(FOREIGN, "vnf-1", value)
        world.flush()
        await_that(lambda: len(world.messages(DEAD_LETTERS)) == 4, "four dead letters")
        await_that(lambda: events(world), "the event")
    assert [letter.value() for letter in world.messages(DEAD_LETTERS)] == [b"\x00\xff", None, b"{}", b"[1, 2"]
    assert len(events(world)) == 1


def test_foreign_topics_of_the_setting_are_read(make_world: MakeWorld) -> None:
    """A topic of another count of partitions is shared out, and each is read from its beginning."""
    from confluent_kafka.cimpl import NewTopic  # noqa: PLC0415

    from qosresolve.kafka import clients  # noqa: PLC0415

    world = make_world()
    relate(world, relation("vnf-1", "P1"))
    name = f"{world.settings.prefix}vendor"
    admin = clients.admin(world.settings)
    for future in admin.create_topics([NewTopic(name, 7, 1)]).values():
        future.result()
    producer = clients.plain_producer(world.settings)
    for number in range(7):
        producer.produce(name, crossing("vnf-1", number + 1), b"k", number)
    assert producer.flush(10) == 0
    with world.running(Intake, f"intake_topics={name}:ves", "intake_fold_ms=0"):
        await_that(lambda: len(events(world)) == 7, "an event of each partition")
    assert {event.sequence for event in events(world)} == set(range(1, 8))


def test_a_list_of_events_is_taken_part_by_part(world: World) -> None:
    """Of an `eventList` the known go out and the unknown wait, each by itself."""
    import json  # noqa: PLC0415

    relate(world, relation("vnf-1", "P1"))
    listed = {"eventList": [alert("vnf-1", 1)["event"], alert("vnf-2", 1)["event"]]}
    with world.running(Intake):
        world.send(FOREIGN, "list", json.dumps(listed).encode())
        world.flush()
        await_that(lambda: events(world) and parked(world), "one event and one parked")
        relate(world, relation("vnf-2", "P2"))
        await_that(lambda: len(events(world)) == 2, "the other")
    assert {event.product_id for event in events(world)} == {"P1", "P2"}
