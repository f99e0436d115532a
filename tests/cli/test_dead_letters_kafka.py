"""Dead letters on a real broker: buried by an older worker, redriven, refused, interrupted, discarded."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Message

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import DeadLettered
from qosresolve.core.inputs import Degradation, Input
from qosresolve.core.vocabulary import Outcome
from qosresolve.errors import FencedError, PoisonRecordError
from qosresolve.kafka import clients
from qosresolve.kafka.incoming import headers_of
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.worker import Worker
from qosresolve.replay.dead.book import read_book, whole
from qosresolve.replay.dead.letters import Letter
from qosresolve.replay.dead.sending import Decision, Done, Resolving
from qosresolve.replay.doctor.letters import dead
from qosresolve.replay.doctor.site import Site
from qosresolve.topics import DEAD_LETTERS, DEGRADATION
from tests.cli.conftest import Run
from tests.kafka import harness
from tests.kafka.harness import PARTITIONS, RECORDS, World, await_that, settings_for

Tool = Callable[..., tuple[int, list[dict[str, Any]]]]
WAIT = ("--wait", "--timeout", "40")
NEW = "jitter"  # an indicator that the older worker cannot read
GARBAGE = b"\xc3\x01 no Avro"


class Older(Contracts):
    """A version that does not know a kind of event yet."""

    def read_input(self, record: str, data: bytes) -> Input:
        body = super().read_input(record, data)
        if isinstance(body, Degradation) and body.indicator == NEW:
            raise PoisonRecordError(f"degradation: schema {body.event_id!r} is not known", stage="decode")
        return body


@pytest.fixture
def world(kafka_bootstrap: str, prefix: str) -> World:
    """The topics of one test."""
    return World(settings_for(kafka_bootstrap, prefix))


@pytest.fixture
def sets(world: World) -> list[str]:
    """The settings of one test, as words."""
    names = ("bootstrap_servers", "prefix", "group", "transactional_id_prefix")
    return [word for name in names for word in ("--set", f"{name}={getattr(world.settings, name)}")]


@pytest.fixture
def tool(cli: Run, sets: list[str]) -> Tool:
    """Run a command; return its exit status and what it told, as JSON."""

    def run(*words: str) -> tuple[int, list[dict[str, Any]]]:
        result = cli("dead-letters", *words, "--json", *sets)
        if words[0] == "list" and "--each" not in words:
            return result.exit_code, json.loads(result.stdout)
        told = [row for row in result.stdout.splitlines() if row.startswith("{")]  # the worker logs beside
        assert result.exit_code < 2 or result.stderr
        return result.exit_code, [json.loads(row) for row in told]

    return run


@pytest.fixture
def older(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Run the older version until the journal has so many entries."""

    def run(entries: int) -> None:
        world.flush()
        with monkeypatch.context() as patched:
            patched.setattr(harness, "RECORDS", Older(SingleObjectCodec()))
            with world.running(Worker):
                await_that(lambda: len(world.journal()) >= entries, f"{entries} journal entries")

    return run


@contextmanager
def today(world: World) -> Iterator[None]:
    """Run today's version for the length of a block."""
    world.flush()
    with world.running(Worker):
        yield


def inputs(world: World) -> list[Message]:
    """Return the degradations, partition by partition."""
    return world.messages(DEGRADATION)


def headers(message: Message) -> dict[str, bytes]:
    """Return a record's headers; of those of one name the last."""
    return {name: held for name, held in headers_of(message) if isinstance(held, bytes)}


def letters_of(world: World) -> list[Letter]:
    """Return every letter with its bytes."""
    return whole(world.settings, list(read_book(world.settings).letters.values()))


def redriven(world: World) -> list[Message]:
    """Return those of them that were redriven."""
    return [it for it in inputs(world) if "qosresolve.redrive.of" in headers(it)]


def origins(world: World) -> list[tuple[int, int]]:
    """Return where the redriven ones lay first, (partition, offset), in the order they lie in now."""
    texts = [headers(message)["qosresolve.redrive.origin"].decode() for message in redriven(world)]
    return [(int(text.split("/")[1]), int(text.split("/")[2])) for text in texts]


def test_what_was_buried_is_applied_once_it_can_be_read(
    world: World, tool: Tool, older: Callable[[int], None]
) -> None:
    """Listed, tried, sent with the same bytes, decided by the worker, marked; and never a second time."""
    world.degrade("P1", indicator=NEW)
    world.degrade("P2")
    older(2)
    status, (group,) = tool("list")
    assert (status, group["open"], group["stage"]) == (0, 1, "decode")
    assert group["topic"] == world.names.of(DEGRADATION)
    status, (letter,) = tool("show", group["example"])
    assert (status, letter["product"], letter["standing"]) == (0, "P1", "open")
    assert letter["value"]["indicator"] == NEW

    before = len(inputs(world))
    status, (row,) = tool("redrive", "--all", "--dry-run")
    assert (status, row["verdict"], row["redriven"]) == (0, "redrive", False)
    assert "ReportOpened" in row["trial"]["decision"]["facts"]
    assert len(inputs(world)) == before
    assert tool("redrive", "--all") == (2, [])  # nobody is there to ask

    with today(world):
        status, (row,) = tool("redrive", "--all", "--yes", "--reason", "CHG-1", *WAIT)
        assert (status, row["redriven"], row["decision"]["outcome"]) == (0, True, "applied")
    assert world.reports()["P1"].open
    (again,) = redriven(world)
    first = next(it for it in inputs(world) if it.key() == b"P1")
    assert (again.key(), again.value()) == (first.key(), first.value())
    assert list(again.headers() or [])[:-3] == list(first.headers() or [])

    status, (letter,) = tool("list", "--each")
    assert (letter["standing"], letter["resolution"]["reason"]) == ("redriven", "CHG-1")
    assert tool("redrive", "--all", "--yes") == (0, [])
    status, (row,) = tool("redrive", letter["id"], "--force")
    assert (status, row["verdict"]) == (1, "resolved")
    assert len(redriven(world)) == 1


def test_what_later_records_of_its_key_have_overtaken_stays(
    world: World, tool: Tool, older: Callable[[int], None]
) -> None:
    """Told with the record that overtook it, and redriven only by force; another indicator is another key."""
    world.degrade("P1", 1, indicator=NEW)
    world.degrade("P1", 2, indicator=NEW, object_id="another")
    older(2)
    world.degrade("P1", 3, indicator=NEW)
    with today(world):
        world.await_entries(3)
        (overtaking,) = [entry for entry in world.journal() if entry.outcome is Outcome.APPLIED]
        status, rows = tool("redrive", "--product", "P1", "--yes", *WAIT)
        assert (status, [row["verdict"] for row in rows]) == (1, ["later-applied", "redrive"])
        (cause,) = [later["cause"] for later in rows[0]["later"]]
        where = overtaking.cause
        assert cause == f"{where.topic}/{where.partition}/{where.offset}"
        assert rows[1]["decision"]["outcome"] == "applied"
        status, (row,) = tool("redrive", rows[0]["id"], "--force", *WAIT)
        assert (status, row["redriven"]) == (0, True)
    assert len(redriven(world)) == 2


def test_earlier_redriven_ones_overtake_nothing(
    world: World, tool: Tool, older: Callable[[int], None]
) -> None:
    """Redriven one by one in their order: each lies behind the next now, and did not when it was sent."""
    for sequence in (1, 2, 3):
        world.degrade("P1", sequence, indicator=NEW)
    older(3)
    _, letters = tool("list", "--each")
    first, second, third = (letter["id"] for letter in letters)
    with today(world):
        for name in (first, third):
            status, (row,) = tool("redrive", name, *WAIT)
            assert (status, row["redriven"]) == (0, True)
        status, (row,) = tool("redrive", second)
        assert (status, row["verdict"]) == (1, "later-applied")


KILLED = """
import os, signal, sys
from qosresolve.cli.main import main
from qosresolve.replay.dead import sending
sending.MOST_RECORDS = 2
until, done = sending.Resolving.until, []
def killing(self, call):
    if done:
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(until(self, call))
sending.Resolving.until = killing
sys.argv = ["qosresolve", *sys.argv[1:]]
main()
"""


def test_an_interrupted_redrive_doubles_and_loses_nothing(
    world: World, tool: Tool, sets: list[str], older: Callable[[int], None]
) -> None:
    """Killed with a transaction open, after one: the next sends what is left, in the old order."""
    products = [f"P{number}" for number in range(5)]
    for sequence in (1, 2):
        for product in products:
            world.degrade(product, sequence, indicator=NEW)
    older(10)
    words = [sys.executable, "-c", KILLED, "dead-letters", "redrive", "--all", "--yes", *sets]
    assert subprocess.run(words, check=False, capture_output=True).returncode == -signal.SIGKILL  # noqa: S603
    status, rows = tool("redrive", "--all", "--yes")
    assert (status, len(rows)) == (0, 8)
    told = origins(world)
    assert len(told) == len(set(told)) == 10
    assert told == sorted(told)
    with today(world):
        entries = world.await_entries(20)
    causes = [entry.cause for entry in entries if entry.outcome is Outcome.APPLIED]
    assert len(causes) == 10
    assert set(world.reports()) == set(products)
    assert tool("redrive", "--all", "--yes") == (0, [])


def test_it_goes_to_its_products_partition(world: World, tool: Tool, older: Callable[[int], None]) -> None:
    """Where a foreign partitioner put it elsewhere, it is not forwarded: it lies right at once."""
    wrong = (partition_of("P1", PARTITIONS) + 1) % PARTITIONS
    value = RECORDS.write_input(harness.degradation("P1", 1, indicator=NEW))[1]
    world.send(DEGRADATION, "P1", value, wrong)
    older(1)
    with today(world):
        status, (row,) = tool("redrive", "--all", "--yes", *WAIT)
        assert (status, row["decision"]["outcome"]) == (0, "applied")
    (again,) = redriven(world)
    assert again.partition() == partition_of("P1", PARTITIONS)


def test_what_dies_each_time_is_not_redriven_for_ever(world: World, tool: Tool) -> None:
    """Told beforehand; by force it is, up to the cap, and each letter has the headers of the first alone."""
    world.send(DEGRADATION, "P1", GARBAGE)
    with today(world):
        world.await_entries(1)
        status, (row,) = tool("redrive", "--all", "--dry-run")
        assert (status, row["verdict"]) == (1, "would-fail")
        assert "single-object" in row["why"] or "no bundled version" in row["why"]
        for attempt in (1, 2):
            words = ("redrive", "--all", "--yes", "--force", "--attempts", "2")
            status, (row,) = tool(*words, *WAIT)
            assert (status, row["attempt"], row["decision"]["outcome"]) == (1, attempt, "deadLetter")
        status, (row,) = tool(*words)
        assert (status, row["verdict"]) == (1, "attempts")
    letters = letters_of(world)
    assert [letter.attempt for letter in letters] == [0, 1, 2]
    assert {letter.value for letter in letters} == {GARBAGE}
    assert {tuple(letter.headers) for letter in letters} == {()}
    facts = [fact for entry in world.journal() for fact in entry.facts if isinstance(fact, DeadLettered)]
    assert len(facts) == 3


def told_by_the_doctor(world: World) -> list[str]:
    """Return what `doctor` finds of dead letters."""
    return [finding.seen for finding in dead(Site(world.settings, RECORDS, 0))]


def test_what_is_discarded_is_marked_and_stays(world: World, tool: Tool, cli: Run, sets: list[str]) -> None:
    """With a reason; nothing is sent, and a redrive leaves it alone unless it is forced."""
    for product in ("P1", "P2"):
        world.send(DEGRADATION, product, GARBAGE)
    with today(world):
        world.await_entries(2)
    assert cli("dead-letters", "discard", "--all", "--yes", *sets).exit_code == 2  # without a reason
    status, (row,) = tool("discard", "--product", "P1", "--reason", "test data", "--dry-run")
    assert (status, row["discarded"]) == (0, False)
    status, (row,) = tool("discard", "--product", "P1", "--reason", "test data", "--yes")
    assert (status, row["discarded"]) == (0, True)
    assert tool("discard", row["id"], "--reason", "again")[0] == 1
    _, (group,) = tool("list")
    assert (group["open"], group["discarded"]) == (1, 1)
    (seen,) = told_by_the_doctor(world)
    assert seen.startswith("1 within")
    status, (left,) = tool("redrive", row["id"])
    assert (status, left["verdict"]) == (1, "resolved")
    status, (left,) = tool("redrive", row["id"], "--force")
    assert (status, left["redriven"]) == (0, True)
    assert tool("discard", "--all", "--reason", "test data", "--yes")[0] == 0
    assert not told_by_the_doctor(world)


def test_two_at_once_do_not_redrive_twice(world: World) -> None:
    """Who comes later ends who came before: of that one nothing is written any more."""
    world.send(DEGRADATION, "P1", GARBAGE)
    with today(world):
        world.await_entries(1)
    letters = letters_of(world)
    done: list[Done] = []
    with Resolving(world.settings) as earlier, Resolving(world.settings) as later:
        with pytest.raises(FencedError, match="another `qosresolve dead-letters`"):
            earlier.discard(letters, Decision("first", "x"), done.append)
        assert not done
        later.discard(letters, Decision("second", "y"), done.append)
    (resolution,) = read_book(world.settings).resolutions.values()
    assert resolution.by == "second"


def test_whatever_lies_there_is_shown(world: World, cli: Run, sets: list[str], tool: Tool) -> None:
    """Garbage, text, tombstones, records of somebody else's that pretend to be ours: all can be looked at."""
    producer = clients.plain_producer(world.settings)
    ours: list[tuple[str, str | bytes | None]] = [
        ("qosresolve.resolution", b"redriven"),
        ("qosresolve.resolution.of", b"0/0"),
    ]
    topic = world.names.of(DEAD_LETTERS)
    producer.produce(topic, b"\xff\x1b[2J", b"\xff", partition=0)
    producer.produce(topic, None, None, partition=0, headers=[("__connect.errors.topic", b"\xff")])
    world.send(DEGRADATION, "P1", b'{"text": true}')
    world.send(DEGRADATION, "P1", None)
    producer.produce(world.names.of(DEGRADATION), GARBAGE, b"P1", partition=0, headers=ours)
    assert producer.flush(30) == 0
    with today(world):
        world.await_entries(3)
    status, letters = tool("list", "--each")
    assert (status, {letter["standing"] for letter in letters}) == (0, {"open"})
    assert len(letters) == 5
    shown = cli("dead-letters", "show", *(letter["id"] for letter in letters), *sets)
    assert shown.exit_code == 0, shown.stderr
    assert '{"text": true}' in shown.stdout
    assert "\x1b" not in shown.stdout
    assert cli("dead-letters", "show", "0/999999", *sets).exit_code == 2
    status, rows = tool("redrive", "--all", "--dry-run")
    assert (status, sum(row["verdict"] == "stranger" for row in rows)) == (1, 2)
