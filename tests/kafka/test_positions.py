"""What positions, group and inputs say of each other before a partition starts."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from qosresolve.core.partition import PartitionState
from qosresolve.errors import ConfigError, FatalError, RetriableError
from qosresolve.kafka import positions
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.reading import partitions_of
from qosresolve.topics import COMMAND, DEGRADATION, PARTITION, REPORT, STATE, TOPICS, WATCH, Topic
from tests.kafka.bench import HERE, NAMES, POLICY_A, Bench
from tests.kafka.harness import degradation

ANCHOR = NAMES.of(DEGRADATION)
ALL = (*NAMES.inputs, *(NAMES.of(topic) for topic in STATE))


@dataclass
class Cluster:
    """What a broker would answer, by topic; a test changes what it is about."""

    first: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ALL, 0))
    last: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES.inputs, 100))
    group: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES.inputs, 50))
    ids: dict[str, str] = field(default_factory=lambda: {topic: f"id-{topic}" for topic in ALL})

    def answer(self, offsets: dict[str, int]) -> Callable[[AdminClient, list[Place]], dict[Place, int]]:
        """Return what `ends` or `starts` would be."""
        return lambda _, places: {(topic, number): offsets[topic] for topic, number in places}

    def checked(self, state: PartitionState | None) -> PartitionState:
        """Check as the worker does."""
        return positions.checked(_nobody(), Bench().partition, state, self.group)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    cluster = Cluster()
    monkeypatch.setattr(positions, "starts", cluster.answer(cluster.first))
    monkeypatch.setattr(positions, "ends", cluster.answer(cluster.last))
    monkeypatch.setattr(positions, "identities", lambda _admin, _topics: cluster.ids)
    return cluster


def _nobody() -> AdminClient:
    return cast("AdminClient", None)


def _state(position: int = 50) -> PartitionState:
    known = positions._state(HERE, dict.fromkeys(NAMES.inputs, position), Cluster().ids)
    return replace(known, active_policy=POLICY_A.hash)


def _refusal(cluster: Cluster, state: PartitionState | None = None) -> str:
    with pytest.raises(FatalError) as refused:
        cluster.checked(_state() if state is None else state)
    return str(refused.value)


# -- a partition that ran before


def test_a_group_at_the_positions_is_as_it_should_be(cluster: Cluster) -> None:
    """Nothing is said, and the state is what was restored."""
    assert cluster.checked(_state()) == _state()


@pytest.mark.parametrize("offset", [0, 49, -1])
def test_a_group_below_the_positions_is_a_rewind(cluster: Cluster, offset: int) -> None:
    """It starts at the positions all the same; -1 is a group whose offsets the broker forgot."""
    cluster.group[ANCHOR] = offset
    assert cluster.checked(_state()) == _state()


def test_a_group_above_the_positions_is_lost_state(cluster: Cluster) -> None:
    """The message names topic, partition, both numbers, and what to read."""
    cluster.group[ANCHOR] = 51
    told = _refusal(cluster)
    assert f"{ANCHOR} partition {HERE} is 51, our position is 50" in told
    assert "docs/runbooks/lost-state.md" in told


def test_an_input_that_ends_below_the_positions_was_truncated(cluster: Cluster) -> None:
    """As after an unclean election, or a topic made anew by other means."""
    cluster.last[ANCHOR] = 49
    told = _refusal(cluster)
    assert f"{ANCHOR} partition {HERE} ends at 49, below our position 50" in told
    assert "docs/runbooks/truncated-input.md" in told


def test_an_input_that_ends_at_the_positions_is_read_to_its_end(cluster: Cluster) -> None:
    """That is the ordinary case of an idle input."""
    cluster.last[ANCHOR] = 50
    assert cluster.checked(_state()) == _state()


def test_an_input_that_starts_above_the_positions_lost_records(cluster: Cluster) -> None:
    """Retention passed what was never read."""
    cluster.first[ANCHOR] = 51
    told = _refusal(cluster)
    assert f"{ANCHOR} partition {HERE} starts at 51, above our position 50" in told
    assert "docs/runbooks/retention-passed.md" in told


def test_an_input_with_another_id_was_created_anew(cluster: Cluster) -> None:
    """Its offsets mean other records, however many there are."""
    cluster.ids[NAMES.of(COMMAND)] = "another"
    told = _refusal(cluster)
    assert f"{NAMES.of(COMMAND)} has the id another" in told
    assert "created anew" in told
    assert "docs/runbooks/truncated-input.md" in told


@pytest.mark.parametrize("topic", [REPORT, WATCH])
def test_a_state_topic_that_was_created_anew_lost_the_state(cluster: Cluster, topic: Topic) -> None:
    """The positions are still there, the reports are not: it would open every report a second time."""
    cluster.ids[NAMES.of(topic)] = "another"
    told = _refusal(cluster)
    assert f"{NAMES.of(topic)} has the id another, partition {HERE} knew it as id-{NAMES.of(topic)}" in told
    assert "docs/runbooks/lost-state.md" in told


def test_state_that_was_copied_as_a_whole_is_believed(cluster: Cluster) -> None:
    """A partition record that lies on another topic than it says was put there, and the rest with it."""
    for topic in STATE:
        cluster.ids[NAMES.of(topic)] = "copy"
    state = cluster.checked(_state())
    assert {item.topic: item.id for item in state.topic_ids} == cluster.ids
    cluster.ids[NAMES.of(COMMAND)] = "another"
    assert "docs/runbooks/truncated-input.md" in _refusal(cluster), "the inputs are no state"


@pytest.mark.parametrize("topic", STATE)
@pytest.mark.parametrize("ran", [True, False])
def test_a_state_topic_that_lost_its_beginning_lost_state(cluster: Cluster, topic: Topic, ran: bool) -> None:
    """Compaction never moves the start; retention and deletion do."""
    cluster.first[NAMES.of(topic)] = 3
    told = _refusal(cluster) if ran else _refusal_of_first_start(cluster)
    assert f"{NAMES.of(topic)} partition {HERE} starts at 3" in told
    assert "docs/runbooks/lost-state.md" in told


def test_a_state_that_knows_the_inputs_only_learns_the_rest(cluster: Cluster) -> None:
    """As those were that were written before the state topics had a place in it."""
    state = _state()
    known = tuple(item for item in state.topic_ids if item.topic in NAMES.inputs)
    assert PARTITION.name not in str(known)
    assert cluster.checked(replace(state, topic_ids=known)) == state


def test_a_state_without_ids_learns_them(cluster: Cluster) -> None:
    """What was written before ids were kept is not refused; its next record has them."""
    assert cluster.checked(replace(_state(), topic_ids=())) == _state()


# -- a partition that never ran


def test_a_first_start_begins_where_the_group_was_put(cluster: Cluster) -> None:
    """`topics create` wrote the starts of the inputs; ids are known from then on."""
    for offsets in (cluster.group, cluster.first):
        offsets.update(dict.fromkeys(NAMES.inputs, 7))
    state = cluster.checked(None)
    assert {at.topic: at.next_offset for at in state.positions} == dict.fromkeys(NAMES.inputs, 7)
    assert {item.topic: item.id for item in state.topic_ids} == cluster.ids
    assert state.active_policy == ""


def test_a_first_start_without_offsets_is_refused(cluster: Cluster) -> None:
    """Nobody guesses where to begin; the remedy is a command."""
    cluster.group[ANCHOR] = -1
    with pytest.raises(ConfigError, match="topics create") as refused:
        cluster.checked(None)
    assert ANCHOR in str(refused.value)


def test_a_group_that_went_on_without_a_partition_record_lost_its_state(cluster: Cluster) -> None:
    """Offsets move only together with the record: one without the other is a topic that was lost."""
    told = _refusal_of_first_start(cluster)
    assert f"{ANCHOR} partition {HERE} is 50, the input starts at 0" in told
    assert "docs/runbooks/lost-state.md" in told


def _refusal_of_first_start(cluster: Cluster) -> str:
    with pytest.raises(FatalError) as refused:
        cluster.checked(None)
    return str(refused.value)


def test_reports_without_a_partition_record_are_refused(cluster: Cluster) -> None:
    """Cases without positions: nobody can tell what of the inputs is in them."""
    bench = Bench()
    bench.take(bench.record(degradation("P1", 1)))
    bench.commit()
    with pytest.raises(FatalError, match="1 products but no partition record") as refused:
        positions.checked(_nobody(), bench.partition, None, cluster.group)
    assert "docs/runbooks/lost-state.md" in str(refused.value)


def test_the_embedded_broker_is_not_asked() -> None:
    """It keeps neither offsets nor ids: positions begin at 0 where there are none."""
    state = positions.unchecked(Bench().partition, dict.fromkeys(NAMES.inputs, -1))
    assert {at.next_offset for at in state.positions} == {0}
    assert state.topic_ids == ()


# -- partition counts


@dataclass
class Listed:
    """An admin client that knows how many partitions there are."""

    counts: dict[Topic, int]

    def list_topics(self, timeout: float) -> "Listed":
        """Answer like the client."""
        assert timeout > 0
        return self

    @property
    def topics(self) -> dict[str, "Topic_"]:
        """Return topics by name."""
        return {NAMES.of(topic): Topic_(dict.fromkeys(range(count))) for topic, count in self.counts.items()}


@dataclass
class Topic_:  # noqa: N801 - the client's metadata of one topic
    partitions: dict[int, None]


def _counted(**changes: int) -> int:
    counts = {topic: changes.get(topic.record, 4) for topic in TOPICS if changes.get(topic.record, 4)}
    return positions.co_partitioned(cast("AdminClient", Listed(counts)), NAMES)


def test_equal_counts_are_the_count() -> None:
    """The policies have their own; they lie beside nothing."""
    assert _counted(policy=1) == 4


@pytest.mark.parametrize("record", ["degradation", "report", "report-event", "dead-letter"])
def test_a_raised_count_is_refused(record: str) -> None:
    """Keys would leave their state; the message lists every count."""
    with pytest.raises(ConfigError, match="differ in their partition counts") as refused:
        _counted(**{record: 8})
    assert refused.value.exit_code == 2
    assert " 8" in str(refused.value)
    assert "docs/runbooks/partition-count.md" in str(refused.value)


class Silent:
    """An admin client that nobody answers."""

    def list_topics(self, timeout: float) -> None:
        """Run out of time."""
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"nothing in {timeout} s"))


@pytest.mark.parametrize(
    "ask",
    [
        lambda admin: positions.co_partitioned(admin, NAMES),
        lambda admin: partitions_of(admin, NAMES.of(REPORT)),
    ],
)
def test_brokers_that_do_not_say_what_there_is(ask: Callable[[AdminClient], object]) -> None:
    """It passes: the role starts again, and says what it waited for."""
    with pytest.raises(RetriableError, match="no broker says which topics there are"):
        ask(cast("AdminClient", Silent()))


def test_a_topic_that_is_missing_is_named() -> None:
    """The remedy creates it."""
    with pytest.raises(ConfigError, match=r"qos\.report\.v1 does not exist.*") as refused:
        _counted(report=0)
    assert "topics create" in str(refused.value)


# -- answers that do not come


def test_a_broker_that_does_not_answer_is_asked_again() -> None:
    """An outage is retriable: neither guessed around nor fatal."""

    class Down:
        def describe_topics(self, *_: object, **__: object) -> dict[str, "Down"]:
            return {ANCHOR: self}

        def result(self) -> object:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))

        def committed(self, *_: object, **__: object) -> object:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    with pytest.raises(RetriableError):
        positions.identities(cast("AdminClient", Down()), [ANCHOR])
    with pytest.raises(RetriableError):
        positions.committed(Down(), [])  # type: ignore[arg-type]
