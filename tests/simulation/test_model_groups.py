"""Members of the model's groups that die, freeze, or are not heard, and who has their partitions then."""

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.assignor import Shares, balanced, cooperative
from tests.simulation.consumer import Consumer
from tests.simulation.network import Fate
from tests.simulation.stage import AT, MEMBER, TOPIC, Member, Stage, refusal

PROTOCOLS = pytest.mark.parametrize("protocol", ["classic", "consumer"])
SESSION_S = {"classic": 6, "consumer": 45}


@PROTOCOLS
def test_a_killed_member_is_missed_after_its_session(protocol: str) -> None:
    """Its partitions go to the other only then."""
    stage = Stage()
    first = Member.of(stage.clients, group_protocol=protocol)
    first.poll()
    second = Member.of(stage.process("q"), group_protocol=protocol)
    for _ in range(100):
        first.poll()
        second.poll()
    assert (first.share, second.share) == (1, 1)
    stage.cluster.kill("p")
    end = stage.network.now_ms() + SESSION_S[protocol] * 1000 - 6_000
    while stage.network.now_ms() < end:
        second.poll()
    assert second.share == 1
    end += 15_000
    while stage.network.now_ms() < end:
        second.poll()
    assert second.share == 2


@PROTOCOLS
def test_a_frozen_member_loses_everything(protocol: str) -> None:
    """Back again it is told so, by `on_lost`; what it was before is refused, what it is then is taken."""
    stage = Stage()
    first = Member.of(stage.clients, group_protocol=protocol)
    first.poll()
    assert first.share == 2
    old = first.consumer.consumer_group_metadata()
    stage.cluster.freeze("p")
    second = Member.of(stage.process("q"), group_protocol=protocol)
    end = stage.network.now_ms() + 60_000
    while stage.network.now_ms() < end:
        second.poll()
    assert second.share == 2
    stage.cluster.thaw("p")
    producer = stage.producer()
    producer.begin_transaction()
    error = refusal(lambda: producer.send_offsets_to_transaction([AT], old, 5))
    assert error.code() == KafkaError.UNKNOWN_MEMBER_ID
    assert error.txn_requires_abort()
    producer.abort_transaction(5)
    for _ in range(100):
        first.poll()
        second.poll()
    assert ("lost", 2) in first.heard
    assert (first.share, second.share) == (1, 1)
    producer.begin_transaction()
    producer.send_offsets_to_transaction([AT], first.consumer.consumer_group_metadata(), 5)
    producer.commit_transaction(5)


@PROTOCOLS
def test_who_was_a_member_before_commits_no_more(protocol: str) -> None:
    """A generation of before is refused; an epoch of before too, but for what was owned all the time."""
    stage = Stage()
    first = Member.of(stage.clients, group_protocol=protocol)
    first.poll()
    old = first.consumer.consumer_group_metadata()
    second = Member.of(stage.process("q"), group_protocol=protocol)
    for _ in range(100):
        first.poll()
        second.poll()
    (kept,), (gone,) = first.consumer.assignment(), second.consumer.assignment()
    producer = stage.producer()

    def sends(at: TopicPartition, metadata: bytes) -> int:
        producer.begin_transaction()
        try:
            producer.send_offsets_to_transaction([TopicPartition(TOPIC, at.partition, 1)], metadata, 5)
        except KafkaException as refused:
            return int(refused.args[0].code())
        finally:
            producer.abort_transaction(5)
        return KafkaError.NO_ERROR

    refused = KafkaError.ILLEGAL_GENERATION
    assert sends(gone, old) == refused
    assert sends(kept, old) == (refused if protocol == "classic" else KafkaError.NO_ERROR)
    assert sends(kept, first.consumer.consumer_group_metadata()) == KafkaError.NO_ERROR


def test_missed_heartbeats_expel_a_member() -> None:
    """A member whose heartbeats do not arrive is out, though its process runs and polls."""
    stage = Stage()
    first = Member.of(stage.clients)
    first.poll()
    stage.network.fates = {
        "p/consumer Heartbeat": [Fate.REQUEST_LOST] * 3,
        "JoinGroup": [Fate.REQUEST_LOST] * 2,
    }
    second = Member.of(stage.process("q"))
    for _ in range(100):
        first.poll()
        second.poll()
    assert ("lost", 2) in first.heard
    assert (first.share, second.share) == (1, 1)


def test_two_never_read_the_same() -> None:
    """While partitions change hands, no two members of the cooperative protocol hold one at once."""
    stage = Stage()
    stage.cluster.create_topic("many", 7)
    members: list[Consumer] = []
    for number in range(5):
        consumer = stage.process(f"m{number}").consumer(MEMBER)
        consumer.subscribe(["many"])
        members.append(consumer)
        for _ in range(30):
            for member in members:
                member.consume(1, 0.05)
                held = [at.partition for other in members for at in other.assignment()]
                assert len(held) == len(set(held))
        gone = members.pop(0) if number % 2 else None
        if gone is not None:
            gone.close()
    for _ in range(60):
        for member in members:
            member.consume(1, 0.05)
    assert sorted(len(member.assignment()) for member in members) == [2, 2, 3]


# -- shares


@st.composite
def holdings(draw: st.DrawFn) -> tuple[Shares, int]:
    """Members with what they own, none of it twice, and how many partitions there are."""
    partitions = draw(st.integers(1, 12))
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True))
    owners = [draw(st.sampled_from([*names, None])) for _ in range(partitions)]
    shares = {name: frozenset(at for at, owner in enumerate(owners) if owner == name) for name in names}
    return shares, partitions


@given(holdings())
def test_shares_are_even_and_what_can_stay_stays(held: tuple[Shares, int]) -> None:
    """Everything is given out once, as even as can be; nobody gives up more than evenness asks for."""
    owned, partitions = held
    target = balanced(owned, partitions)
    assert sorted(at for share in target.values() for at in share) == list(range(partitions))
    sizes = [len(share) for share in target.values()]
    assert max(sizes) - min(sizes) <= 1
    for member, share in target.items():
        kept = share & owned[member]
        assert kept == owned[member] or len(share) == len(kept)


@given(holdings())
def test_a_round_gives_nothing_that_another_holds(held: tuple[Shares, int]) -> None:
    """What changes hands is given up in one round; in the next, all is given out."""
    owned, partitions = held
    first = cooperative(owned, partitions)
    for member, share in first.items():
        others = frozenset[int]().union(*(own for name, own in owned.items() if name != member))
        assert not share & others
    second = cooperative(first, partitions)
    assert sorted(at for share in second.values() for at in share) == list(range(partitions))
    assert second == balanced(first, partitions)
