"""When a worker must not go on, and what comes back afterwards, on a real broker."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewPartitions

from qosresolve.contracts.policy import file as policy_file
from qosresolve.core.case import Case
from qosresolve.core.facts import TargetBreached
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import DegradationKind, Outcome, Verb
from qosresolve.errors import ConfigError, FatalError
from qosresolve.kafka import topics_admin, worker
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.policies import PolicyBook
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.topics import COMMAND, DEGRADATION, REPORT, TOPICS, WATCH, Topic
from tests.kafka.bench import products
from tests.kafka.checks import check_all
from tests.kafka.conftest import MakeWorld
from tests.kafka.harness import (
    DEMO_POLICY,
    PARTITIONS,
    POLICY,
    RECORDS,
    Running,
    World,
    await_that,
    command,
    wall_ms,
)

POISON = b"\xc3\x01 this is not Avro"


@pytest.fixture
def admin(kafka_bootstrap: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka_bootstrap})


def _stopped(world: World) -> BaseException:
    """Start a worker, and return what it stopped with."""
    started = world.start(Worker, world.settings)
    failure = await_that(lambda: started.failure, "stop")[0]
    started.stop()
    return failure


def _take_some(world: World, count: int = 3) -> None:
    with world.running(Worker):
        for number in range(1, count + 1):
            world.degrade("P1", number, kind=DegradationKind.UPDATE if number > 1 else DegradationKind.RAISE)
        world.await_entries(count)


# -- lost state, other inputs


def test_a_group_that_was_moved_forward_stops(world: World, admin: AdminClient) -> None:
    """Above the positions: records would be skipped without a trace."""
    _take_some(world)
    number = partition_of("P1", PARTITIONS)
    moved = TopicPartition(world.names.of(DEGRADATION), number, 1_000)
    request = [ConsumerGroupTopicPartitions(world.settings.group, [moved])]
    next(iter(admin.alter_consumer_group_offsets(request).values())).result()
    failure = _stopped(world)
    assert isinstance(failure, FatalError)
    assert "is 1000, our position is" in str(failure)
    assert "docs/runbooks/lost-state.md" in str(failure)
    assert len(world.journal()) == 3


@pytest.mark.parametrize("records", [1, 9], ids=["fewer", "more"])
def test_an_input_that_was_created_anew_stops(world: World, admin: AdminClient, records: int) -> None:
    """The same name, other records: with more of them than before, only the topic's id tells."""
    _take_some(world)
    name = world.names.of(DEGRADATION)
    admin.delete_topics([name])[name].result()
    await_that(lambda: name not in admin.list_topics(timeout=10).topics, "deletion")
    again = World(world.settings)  # creates what is missing, with the group's first offsets
    for number in range(1, records + 1):
        again.degrade("P1", number)
    again.flush()
    failure = _stopped(world)
    assert isinstance(failure, FatalError)
    assert f"{name} has the id" in str(failure)
    assert "docs/runbooks/truncated-input.md" in str(failure)
    assert len(world.journal()) == 3


def test_reports_that_were_deleted_beside_their_positions_stop(world: World, admin: AdminClient) -> None:
    """The report topic was created anew: every report would be opened a second time."""
    _take_some(world)
    name = world.names.of(REPORT)
    admin.delete_topics([name])[name].result()
    await_that(lambda: name not in admin.list_topics(timeout=10).topics, "deletion")
    World(world.settings)  # creates what is missing
    failure = _stopped(world)
    assert isinstance(failure, FatalError)
    assert f"{name} has the id" in str(failure)
    assert "docs/runbooks/lost-state.md" in str(failure)


# -- partition counts


def _raise_count(world: World, admin: AdminClient, *topics: Topic) -> None:
    names = [world.names.of(topic) for topic in topics]
    for future in admin.create_partitions([NewPartitions(name, PARTITIONS + 1) for name in names]).values():
        future.result()
    await_that(
        lambda: all(
            len(admin.list_topics(timeout=10).topics[name].partitions) == PARTITIONS + 1 for name in names
        ),
        "raised counts",
    )


def test_one_raised_partition_count_is_refused(world: World, admin: AdminClient) -> None:
    """Keys of that topic would leave their state: status 2, and every count is told."""
    _raise_count(world, admin, REPORT)
    with pytest.raises(ConfigError, match=rf"{REPORT.name} {PARTITIONS + 1}") as refused:
        world.start(Worker, world.settings)
    assert refused.value.exit_code == 2


def test_all_raised_partition_counts_are_refused(world: World, admin: AdminClient) -> None:
    """All alike is as wrong: neither the worker goes on, nor does `topics create` help it to."""
    _take_some(world)
    _raise_count(world, admin, *(topic for topic in TOPICS if topic.co_partitioned))
    failure = _stopped(world)
    assert isinstance(failure, ConfigError)
    with pytest.raises(ConfigError, match="raised after the first start") as refused:
        topics_admin.create(world.settings)
    assert refused.value.exit_code == 2


# -- poison


def test_a_flood_of_dead_letters_stops_its_partition_only(make_world: MakeWorld) -> None:
    """Readiness fails, the others go on, and its offset is kept: with the limit raised nothing is missing."""
    world = make_world("dead_letter_limit=5")
    here, elsewhere = products(1)[0], products(1, (partition_of("P1", PARTITIONS) + 1) % PARTITIONS)[0]
    with world.running(Worker, "dead_letter_limit=5") as flooded:
        await_that(lambda: flooded.health.ready, "readiness")
        for _ in range(5):
            world.send(DEGRADATION, here, POISON)
        await_that(lambda: not flooded.health.ready, "end of readiness")
        world.send(DEGRADATION, here, POISON)
        world.degrade(here)
        world.degrade(elsewhere)
        entries = world.await_entries(6)
        assert flooded.metric("qosresolve_partitions", state="ready") == PARTITIONS - 1
        assert [entry.product_id for entry in entries if entry.outcome is Outcome.APPLIED] == [elsewhere]
        assert not flooded.health.ready
    with world.running(Worker, "dead_letter_limit=100") as raised:
        world.await_entries(8)
        assert raised.health.ready
    entries = check_all(world)
    assert [entry.outcome for entry in entries if entry.product_id == here].count(Outcome.DEAD_LETTER) == 6
    assert world.reports().keys() == {here, elsewhere}


# -- policies


def _other_policy() -> tuple[str, bytes]:
    canonical = policy_file.compile(policy_file.load(Path("qosresolve/demo/demo_policy.yaml")))
    return policy_file.policy_hash(canonical), canonical


def _order(world: World, policy_hash: str) -> None:
    """Order every partition to follow a policy."""
    order = command("", Verb.ACTIVATE_POLICY, role="policy-manager", value=policy_hash)
    for number in range(PARTITIONS):
        world.send(COMMAND, str(number), RECORDS.write_input(order)[1], number)
    world.flush()


def test_a_policy_that_is_published_late_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is buried and nothing decided by another policy; it goes on as soon as it can."""
    waited = _count_waits(monkeypatch)
    policy_hash, canonical = _other_policy()
    with world.running(Worker) as running:
        await_that(lambda: running.health.ready, "readiness")
        _order(world, policy_hash)
        await_that(lambda: len(waited) > 1, "wait for the policy")
        assert world.journal() == []
        PolicyBook(world.settings, RECORDS).publish(canonical, "late", wall_ms())
        world.await_entries(PARTITIONS)
        world.degrade("P1")
        world.await_entries(PARTITIONS + 1)
    entries = check_all(world)
    assert [entry.outcome for entry in entries].count(Outcome.CONTROL) == PARTITIONS
    assert world.reports()["P1"].policy == policy_hash


def test_a_policy_that_is_never_published_stops(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while somebody has to look: the message names the hash and the runbook."""
    monkeypatch.setattr(worker, "PATIENCE_S", 2.0)
    policy_hash, _ = _other_policy()
    _order(world, policy_hash)
    failure = _stopped(world)
    assert isinstance(failure, FatalError)
    assert policy_hash in str(failure)
    assert "docs/runbooks/unknown-policy.md" in str(failure)
    assert world.journal() == []


def _count_waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    waited: list[str] = []
    back_off = Worker._back_off

    def counted(self: Worker, why: str) -> None:
        waited.append(why)
        back_off(self, why)

    monkeypatch.setattr(Worker, "_back_off", counted)
    return waited


# -- compaction


def _compact_eagerly(world: World, admin: AdminClient, *topics: Topic) -> None:
    """Let the cleaner remove what is superseded within seconds, tombstones at once."""
    changes = {
        "segment.ms": "200",
        "min.cleanable.dirty.ratio": "0.01",
        "delete.retention.ms": "0",
        "max.compaction.lag.ms": "500",
    }
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in changes.items()
    ]
    resources = [
        ConfigResource(ResourceType.TOPIC, world.names.of(topic), incremental_configs=entries)
        for topic in topics
    ]
    for future in admin.incremental_alter_configs(resources).values():
        future.result()


def _cases(running: Running) -> dict[str, Case]:
    """Return all that a worker knows."""
    assert isinstance(running.role, Worker)
    return {
        product: partition.store.get(product)
        for partition in running.role._assignment.held.values()
        for product in partition.store.products()
    }


def test_compaction_during_life_loses_nothing(world: World, admin: AdminClient) -> None:
    """After the cleaner has removed what is superseded, cold state still equals warm state."""
    _compact_eagerly(world, admin, REPORT, WATCH)
    names = [f"P{number}" for number in range(8)]
    with world.running(Worker) as warm:
        world.abate("early")  # before its raise: a watch, which the raise removes by a tombstone
        world.await_entries(1)
        world.degrade("early", 1, observed_at=wall_ms() - 60_000)
        sent = 2
        for product in names:
            world.degrade(product)
            sent += 1
        world.await_entries(sent)
        first = _offsets(world)
        updates = _updates(world, names)
        await_that(lambda: next(updates) and first - _offsets(world), "work of the cleaner")
        sent += next(updates)
        world.await_entries(sent)
        known = _cases(warm)
    with world.running(Worker) as cold:
        await_that(lambda: cold.health.ready, "restore")
        assert _cases(cold) == known
        for product in names:
            world.abate(product, 1_000_000)
        world.await_entries(sent + len(names))
    check_all(world)


def _updates(world: World, names: list[str]) -> Iterator[int]:
    """Send one update of every product at each step; yield how many were sent in all."""
    sent = 0
    sequence = 1
    while True:
        sequence += 1
        for product in names:
            world.degrade(product, sequence, kind=DegradationKind.UPDATE, value=str(sequence))
        world.flush()
        sent += len(names)
        yield sent


def _offsets(world: World) -> set[tuple[int | None, int | None]]:
    """Return where records of the report topic lie."""
    return {(message.partition(), message.offset()) for message in world.messages(REPORT)}


# -- timers


class AheadTimer(Timer):
    """A timer on a machine whose clock runs ten seconds ahead."""

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, clock=lambda: wall_ms() + 10_000, **more)  # type: ignore[arg-type]


def _slower(path: Path, factor: int) -> str:
    """Write the test policy with seconds for hours, so that nothing is due before some seconds."""
    text = re.sub(r"\b(\d+)h\b", lambda found: f"{int(found[1]) * factor}s", POLICY.read_text())
    path.write_text(text)
    return f"policy_file={path}"


def test_a_timer_whose_clock_runs_ahead_breaches_nobody(make_world: MakeWorld, tmp_path: Path) -> None:
    """Fired too early, a deadline does nothing; the skew is learned, and it comes again when it is due."""
    policy = _slower(tmp_path / "policy.yaml", 3)
    world = make_world(policy)
    with world.running(Worker, policy), world.running(AheadTimer) as timer:
        world.degrade("P1")
        opened = world.await_report("P1", lambda item: item.due is not None, "armed")
        assert opened.due is not None
        await_that(lambda: Rule.TOO_EARLY in {entry.rule for entry in world.journal()}, "early firing")
        settled = world.await_report("P1", lambda item: item.alarm > opened.alarm, "settled")
        assert -10.5 < timer.metric("qosresolve_timer_clock_skew_seconds") < -9.5
    assert settled.updated_at >= opened.due
    assert settled.updated_at < opened.due + 2_000, "late, although the skew was known"
    entries = check_all(world)
    assert not [fact for entry in entries for fact in entry.facts if isinstance(fact, TargetBreached)]
    early = [entry for entry in entries if entry.rule is Rule.TOO_EARLY]
    assert {entry.outcome for entry in early} == {Outcome.NO_OP}


def _held(*timers: Running) -> list[set[int]]:
    return [set(timer.role._held) for timer in timers if isinstance(timer.role, Timer)]


def test_two_timers_share_partitions_and_take_over(make_world: MakeWorld) -> None:
    """Each fires its own alarms; when one leaves, the other fires all, and nothing is decided twice."""
    world = make_world(DEMO_POLICY)
    names = [f"P{number}" for number in range(12)]
    with world.running(Worker, DEMO_POLICY), world.running(Timer) as stays:
        with world.running(Timer) as leaves:
            await_that(lambda: _shared(stays, leaves), "split of the partitions")
            for product in names:
                world.degrade(product, tier="platinum")
            await_that(lambda: all(_fired(timer) for timer in (stays, leaves)), "alarms fired by both")
            given_up = _held(leaves)[0]
        await_that(lambda: _held(stays) == [set(range(PARTITIONS))], "take-over")
        for product in names:
            if partition_of(product, PARTITIONS) in given_up:
                world.await_report(
                    product, lambda item: all(step.reached for step in item.restore.thresholds), "in jeopardy"
                )
    entries = check_all(world)
    breaches = [
        (fact.report_id, fact.clock)
        for entry in entries
        for fact in entry.facts
        if isinstance(fact, TargetBreached)
    ]
    assert len(breaches) == len(set(breaches))


def _shared(*timers: Running) -> bool:
    held = _held(*timers)
    whole = sorted(number for numbers in held for number in numbers) == list(range(PARTITIONS))
    return all(held) and whole and all(timer.health.ready for timer in timers)


def _fired(timer: Running) -> float:
    return timer.metric("qosresolve_timer_fired_total", again="false")
