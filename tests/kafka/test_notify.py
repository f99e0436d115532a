"""The notify role on a real broker: every escalation reaches the receiver, in order, whatever it answers."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.notify import lane
from qosresolve.kafka.notify.role import Notify
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.topics import DEAD_LETTERS, ESCALATION
from tests.kafka.escalated import escalate, event_of, firsts, hooked, ids, story, wanted
from tests.kafka.harness import DEMO_POLICY, PARTITIONS, World, await_that, settings_for, wall_ms
from tests.kafka.supervised import supervised
from tests.notify.receiver import OK, Got, Receiver, Say, receiving
from tests.notify.samples import EDGE, OTHER, SECRET, TRACE, notice, secret_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kafka.conftest import MakeWorld

PRODUCTS = ("P1", "P2", "P3", "P4")


def test_an_escalation_of_a_worker_is_told_signed(make_world: MakeWorld, tmp_path: Path) -> None:
    """The worker calls somebody, the receiver hears of it and can tell that it is from us."""
    world = make_world(DEMO_POLICY)
    with receiving() as receiver, world.running(Notify, *hooked(receiver, tmp_path)) as notify:
        with world.running(Worker, DEMO_POLICY), world.running(Timer):
            world.degrade("P1")
            await_that(lambda: world.messages(ESCALATION), "an escalation")
        await_that(lambda: receiver.taken, "it at the receiver")
        await_that(lambda: notify.metric("qosresolve_notify_told_total", action="raise") >= 1, "the count")
    (message, *_), (got, *_) = world.messages(ESCALATION), receiver.taken
    assert Webhook(SECRET).verify(got.body, got.headers) == event_of(got)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(got.body, got.headers)
    headers = dict(message.headers() or [])
    event = event_of(got)
    for name in ("id", "source", "type", "time", "subject"):
        assert headers[f"ce_{name}"] == event[name].encode()
    assert event["action"] == "raise"


def test_both_forms_of_the_topic_are_told_alike(world: World, tmp_path: Path) -> None:
    """Avro or TM Forum's JSON: the receiver gets the same event, and the trace goes on."""
    with receiving() as receiver, world.running(Notify, *hooked(receiver, tmp_path, "edge_party=operator-1")):
        escalate(world, [notice(1)])
        escalate(world, [notice(1)], EDGE)
        await_that(lambda: len(receiver.taken) == 2, "both")
    avro, json = receiver.taken
    assert event_of(avro) == event_of(json)
    assert {got.headers["traceparent"] for got in receiver.taken} == {TRACE}


def test_a_bad_receiver_gets_all_in_order(world: World, tmp_path: Path) -> None:
    """500, 502, 429, no answer in time, broken connections: nothing is lost, each report's order is kept."""
    chance = random.Random(7)
    trouble = [
        Say(500),
        Say(502),
        Say(429, {"Retry-After": "0"}),
        Say(503, hang_s=5),
        Say(drop=True),
        Say(503),
    ]

    def answers(_: Got) -> Say:
        return chance.choice(trouble) if chance.random() < 0.3 else OK

    count = 6
    with receiving(answers) as receiver, world.running(Notify, *hooked(receiver, tmp_path)) as notify:
        escalate(world, [each for product in PRODUCTS for each in story(product, count)])
        everything = len(PRODUCTS) * count
        await_that(lambda: len(set(ids(receiver.taken))) == everything, "all of them")
        await_that(lambda: notify.metric("qosresolve_notify_waiting") == 0, "the last commit")
    for product in PRODUCTS:
        assert firsts(receiver.taken, product) == wanted(product, count)
    assert len(ids(receiver.taken)) == everything, "nothing that was taken is told again"
    assert len(receiver.got) > everything
    assert notify.metric("qosresolve_notify_attempts_total", came="down") > 0
    assert not world.messages(DEAD_LETTERS)


def test_what_is_refused_is_buried_and_the_rest_told(world: World, tmp_path: Path) -> None:
    """A 400 is a dead letter with its reason, byte for byte; so is what is no escalation; it goes on."""

    def answers(got: Got) -> Say:
        return Say(400) if got.headers["webhook-id"] == "m-P1-2" else OK

    with receiving(answers) as receiver, world.running(Notify, *hooked(receiver, tmp_path)) as notify:
        escalate(world, story("P1", 3)[:2])
        world.send(ESCALATION, "P1", b"no Avro")
        world.flush()
        escalate(world, story("P1", 3)[2:])
        await_that(lambda: "m-P1-3" in ids(receiver.taken), "the last")
        await_that(lambda: notify.metric("qosresolve_notify_dead_letters_total", stage="decode"), "the count")
    assert ids(receiver.got) == ["m-P1-1", "m-P1-2", "m-P1-3"]
    refused, unread = world.messages(DEAD_LETTERS)
    assert refused.value() == world.messages(ESCALATION)[1].value()
    assert unread.value() == b"no Avro"
    stages = [dict(letter.headers() or [])["__connect.errors.stage"] for letter in (refused, unread)]
    assert stages == [b"refused", b"decode"]
    why = dict(refused.headers() or [])["__connect.errors.exception.message"]
    assert why == b"the receiver refuses it: HTTP 400 Bad Request"


def test_wrong_settings_pause_and_bury_nothing(world: World, tmp_path: Path) -> None:
    """Nothing is lost while somebody mends them; the probe says it, and it goes on without a restart."""
    answer = [Say(401)]
    with (
        receiving(lambda _: answer[0]) as receiver,
        world.running(Notify, *hooked(receiver, tmp_path)) as notify,
    ):
        escalate(world, story("P1", 3))
        await_that(lambda: len(receiver.got) >= 3, "some attempts")
        await_that(lambda: notify.metric("qosresolve_notify_paused", why="settings"), "the pause")
        assert notify.health.alive
        await_that(lambda: notify.health.waiting, "what is awaited")
        assert not notify.health.ready
        assert "notify waits: the receiver of escalations: HTTP 401" in notify.health.waiting[0]
        assert set(ids(receiver.got)) == {"m-P1-1"}
        secret_file(tmp_path, OTHER, SECRET)
        answer[0] = OK
        await_that(lambda: len(receiver.taken) == 3, "all three")
        await_that(lambda: notify.health.ready, "readiness")
        assert not notify.metric("qosresolve_notify_paused", why="settings")
    assert ids(receiver.taken) == wanted("P1", 3)
    assert not world.messages(DEAD_LETTERS)
    last = receiver.taken[-1]
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(last.body, last.headers)


def test_a_receiver_that_is_away_is_waited_for(world: World, tmp_path: Path) -> None:
    """Down at the start and again later; a stop in between is quick, and the next start tells the rest."""
    receiver = Receiver()
    hook = hooked(receiver, tmp_path, "notify_backoff_ms=60000")
    escalate(world, story("P1", 4)[:2])
    started = world.start(
        Notify, settings_for(world.settings.bootstrap_servers, world.settings.prefix, *hook)
    )
    down = await_that(
        lambda: started.metric("qosresolve_notify_attempts_total", came="down") >= 3, "attempts"
    )
    assert down
    began = time.monotonic()
    started.stop()
    assert time.monotonic() - began < 3
    assert not started.failure
    receiver.start()
    try:
        with world.running(Notify, *hooked(receiver, tmp_path)):
            await_that(lambda: len(receiver.taken) == 2, "what waited")
            receiver.stop()
            escalate(world, story("P1", 4)[2:])
            receiver.start()
            await_that(lambda: len(receiver.taken) == 4, "the rest")
    finally:
        receiver.stop()
    assert ids(receiver.taken) == wanted("P1", 4)


@pytest.mark.parametrize("death", ["kill:notify-telling:3", "kill:notify-told:3"])
def test_killed_it_tells_again_by_the_same_id(world: World, tmp_path: Path, death: str) -> None:
    """Before an attempt, and between the receiver's answer and the commit: at least once, none lost."""
    with receiving() as receiver:
        hook = hooked(receiver, tmp_path)
        with supervised(world, tmp_path, death, *hook, role="notify") as slot:
            escalate(world, story("P1", 4))
            slot.until(lambda: len(set(ids(receiver.taken))) == 4, deaths=2)
    assert slot.statuses == [-9]
    assert firsts(receiver.taken, "P1") == wanted("P1", 4)
    assert ids(receiver.taken) == sorted(ids(receiver.taken)), "what comes again comes before what follows"
    assert len(receiver.taken) == (5 if "told" in death else 4)
    bodies = {(got.headers["webhook-id"], got.body) for got in receiver.taken}
    assert len(bodies) == 4, "an event that comes again is the same, byte for byte"


def test_one_that_the_receiver_dies_of_holds_up_its_partition_alone(world: World, tmp_path: Path) -> None:
    """A 500 may be about this one: the others are told, and behind it nothing is."""
    bad = [Say(500)]
    other = next(
        item for item in PRODUCTS if partition_of(item, PARTITIONS) != partition_of("P1", PARTITIONS)
    )

    def answers(got: Got) -> Say:
        return bad[0] if got.headers["webhook-id"] == "m-P1-1" else OK

    with receiving(answers) as receiver, world.running(Notify, *hooked(receiver, tmp_path)) as notify:
        escalate(world, [*story("P1", 2), *story(other, 3)])
        await_that(lambda: ids(receiver.taken) == wanted(other, 3), "all of the other")
        await_that(lambda: notify.metric("qosresolve_notify_partitions", state="failing") == 1, "the state")
        bad[0] = OK
        await_that(lambda: len(receiver.taken) == 5, "the rest")
    assert ids(receiver.taken)[3:] == wanted("P1", 2)


def test_two_share_the_partitions(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a second one joins and leaves, and more waits than is kept in memory, each order is kept."""
    monkeypatch.setattr(lane, "MOST", 6)
    monkeypatch.setattr(lane, "FEW", 2)
    count, down = 15, Say(503)
    answer = [Say(hang_s=0.01)]

    def answers(_: Got) -> Say:
        if len(receiver.taken) == 20:  # from here on, until the second has its part
            answer[0] = down
        return answer[0]

    with receiving(answers) as receiver:
        hook = hooked(receiver, tmp_path)
        with world.running(Notify, *hook):
            escalate(world, [each for product in PRODUCTS for each in story(product, count)])
            await_that(lambda: answer[0] is down, "some")
            with world.running(Notify, *hook, slot="1") as second:
                await_that(lambda: second.metric("qosresolve_notify_attempts_total", came="down"), "its part")
                receiver.answers = lambda _: Say(hang_s=0.01)
                await_that(lambda: second.metric("qosresolve_notify_told_total", action="raise"), "its turn")
            await_that(lambda: len(set(ids(receiver.taken))) == len(PRODUCTS) * count, "all of them")
    for product in PRODUCTS:
        assert firsts(receiver.taken, product) == wanted(product, count)


def test_the_first_start_tells_what_is_young(world: World, tmp_path: Path) -> None:
    """Nobody is called for last week; where it began is kept, though nothing was taken before it ended."""
    old = wall_ms() - 7_200_000
    escalate(world, story("P1", 3)[:1], at=old)
    escalate(world, story("P1", 3)[1:], at=old + 3_700_000)
    refusing = [Say(503)]
    with receiving(lambda _: refusing[0]) as receiver:
        with world.running(Notify, *hooked(receiver, tmp_path)):
            await_that(lambda: receiver.got, "an attempt")
        refusing[0] = OK
        with world.running(Notify, *hooked(receiver, tmp_path, "notify_first_ms=0")):
            await_that(lambda: len(receiver.taken) == 2, "both")
    assert ids(receiver.taken) == ["m-P1-2", "m-P1-3"]


def test_each_receiver_has_its_own_group(world: World, tmp_path: Path) -> None:
    """Two names are two receivers: each is told everything."""
    with (
        receiving() as one,
        receiving() as two,
        world.running(Notify, *hooked(one, tmp_path)),
        world.running(Notify, *hooked(two, tmp_path, "notify_name=two")),
    ):
        escalate(world, story("P1", 3))
        await_that(lambda: len(one.taken) == len(two.taken) == 3, "all at both")
    assert ids(one.taken) == ids(two.taken) == wanted("P1", 3)
