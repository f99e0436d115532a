"""Records that end the process: a bounded number of deaths, then a dead letter, and all others taken.

The worker is the real program on a real broker, started again as a supervisor does; `crashing` makes marked
records end whatever takes them.
"""

import random
import signal
import time
from pathlib import Path

import pytest

from qosresolve.core.facts import Entry
from qosresolve.core.vocabulary import DegradationKind, Outcome
from qosresolve.topics import DEAD_LETTERS
from tests.kafka.checks import check_all
from tests.kafka.crashing.sitecustomize import MARK
from tests.kafka.harness import RECORDS, World, await_that
from tests.kafka.supervised import LIFE_S, Supervised, supervised

PRODUCTS = [f"P{number}" for number in range(12)]


def _send(world: World) -> int:
    """Send a record that ends the process amid others; return how many there are."""
    for sequence in (2, 3, 4):
        for product in PRODUCTS:
            kind = DegradationKind.RAISE if sequence == 2 else DegradationKind.UPDATE
            world.degrade(product, sequence, kind=kind)
        if sequence == 3:
            world.degrade("P5", 1, object_id=MARK)
    world.flush()
    return 3 * len(PRODUCTS) + 1


def _taken(world: World, count: int, slot: Supervised, deaths: int) -> list[Entry]:
    slot.until(lambda: len(world.journal()) >= count, deaths=deaths)
    entries = check_all(world)
    assert len(entries) == count
    return entries


def _only_letter(world: World, entries: list[Entry]) -> Entry:
    """Assert that the marked record is the one dead letter, its bytes whole; return its entry."""
    (letter,) = world.messages(DEAD_LETTERS)
    assert RECORDS.read_input("degradation", letter.value() or b"").object_id == MARK  # type: ignore[union-attr]
    assert letter.key() == b"P5"
    (dead,) = [entry for entry in entries if entry.outcome is Outcome.DEAD_LETTER]
    headers = dict(letter.headers() or [])
    assert headers["__connect.errors.stage"] == b"crash"
    assert headers["__connect.errors.offset"] == str(dead.cause.offset).encode()
    assert (dead.product_id, str(dead.rule)) == ("P5", "EndedTheProcess")
    assert {entry.outcome for entry in entries if entry is not dead} == {Outcome.APPLIED}
    return dead


@pytest.mark.parametrize(
    ("death", "status"),
    [
        ("segv:decode", -signal.SIGSEGV),
        pytest.param("abort:decode", -signal.SIGABRT, marks=pytest.mark.long),
        pytest.param("exit:decode", 3, marks=pytest.mark.long),
        pytest.param("memory:decode", 70, marks=pytest.mark.long),
        pytest.param("hang:decode", 70, marks=pytest.mark.long),
    ],
)
def test_a_record_that_cannot_be_decoded_ends_one_process(
    world: World, tmp_path: Path, death: str, status: int
) -> None:
    """The child that looks at it dies of it too, or never ends: it is buried at the second start."""
    count = _send(world)
    more = ("watchdog_ms=15000",) if death.startswith("hang") else ()  # a start under load takes seconds
    with supervised(world, tmp_path, death, *more) as slot:
        entries = _taken(world, count, slot, deaths=1)
        assert slot.statuses == [status]
        assert "a child looked at that record" in slot.log
        assert not slot.suspect_file.exists()  # nothing is left to remember after a clean stop
    _only_letter(world, entries)


@pytest.mark.parametrize(
    ("death", "deaths"),
    [
        ("kill:decode", 3),
        pytest.param("segv:step", 3, marks=pytest.mark.long),
        pytest.param("segv:encode", 4, marks=pytest.mark.long),
    ],
)
def test_what_no_child_dies_of_is_buried_after_three_deaths(
    world: World, tmp_path: Path, death: str, deaths: int
) -> None:
    """A kill proves nothing, and no child has the case that a step needs: three deaths do.

    A death in the writing of a batch names no record; the life after it writes one by one.
    """
    count = _send(world)
    with supervised(world, tmp_path, death) as slot:
        entries = _taken(world, count, slot, deaths=deaths)
        assert len(slot.statuses) == deaths
    _only_letter(world, entries)


@pytest.mark.long
def test_without_the_file_it_is_a_crash_loop(world: World, tmp_path: Path) -> None:
    """The counter-proof: nobody remembers, so every life dies at the same record, and nothing goes on."""
    _send(world)
    with supervised(world, tmp_path, "segv:decode", "suspect_file=") as slot:
        for _ in range(5):
            assert slot.start().wait(LIFE_S) == -signal.SIGSEGV
    assert MARK not in {entry.cause.event_id for entry in world.journal()}
    assert not world.messages(DEAD_LETTERS)


@pytest.mark.long
def test_state_that_ends_the_process_stops_it_with_a_page(world: World, tmp_path: Path) -> None:
    """A report is not given up to get going: after three deaths the worker says which page to open."""
    with supervised(world, tmp_path, "") as slot:
        world.degrade("P5", 1, object_id=MARK)
        world.flush()
        slot.until(lambda: len(world.journal()) == 1, deaths=0)
    world.degrade("P5", 2, kind=DegradationKind.UPDATE)
    world.flush()
    with supervised(world, tmp_path, "segv:state") as slot:
        statuses = [slot.start().wait(LIFE_S) for _ in range(4)]
        assert statuses == [-signal.SIGSEGV] * 3 + [70]
        assert "docs/runbooks/unreadable-state.md" in slot.log
    with supervised(world, tmp_path, "") as slot:  # mended: it goes on, with nothing lost
        slot.until(lambda: len(world.journal()) == 2, deaths=0)
    assert {entry.outcome for entry in check_all(world)} == {Outcome.APPLIED}


@pytest.mark.long
def test_kills_from_outside_bury_nothing(world: World, tmp_path: Path) -> None:
    """Killed at random moments, mostly while a record is being taken: no innocent record is buried."""
    chance = random.Random(5)
    for sequence in range(1, 41):
        for product in PRODUCTS:
            kind = DegradationKind.RAISE if sequence == 1 else DegradationKind.UPDATE
            world.degrade(product, sequence, kind=kind)
    world.flush()
    count, noted = 40 * len(PRODUCTS), 0
    with supervised(world, tmp_path, "slow:step", "batch_records=60") as slot:
        for _ in range(6):
            life = slot.start()
            await_that(slot.taking, "record that is being taken")
            time.sleep(0.4 * chance.random())
            life.kill()
            life.wait(10)
            noted += slot.taking()
        entries = _taken(world, count, slot, deaths=0)
    assert noted >= 3, "no kill fell into a record"
    assert {entry.outcome for entry in entries} == {Outcome.APPLIED}
