"""A short form of `make fuzz`, every regression case, and that the judge sees what it is there to see."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import structlog

from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Input
from qosresolve.kafka import dead_letters, staging
from tests.fuzz import pools
from tests.fuzz.__main__ import CASES, _kept, one, read, replayed
from tests.fuzz.drive import Driver
from tests.fuzz.history import History
from tests.fuzz.makers import written
from tests.fuzz.readers import READERS
from tests.fuzz.samples import Sample, load, save
from tests.fuzz.shrink import place, shrunk
from tests.kafka.harness import RECORDS, degradation

HISTORIES, SHORT = 8, 100
NOW = 1_772_409_600_000


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("number", range(HISTORIES))
def test_a_history(number: int) -> None:
    """Some hundred inputs, right and wrong: each ends exactly once, as what it is."""
    outcomes, driver, failure = one(f"tests/{number}")
    assert not failure, f"python -m tests.fuzz --seed tests --history {number}: {failure}"
    assert outcomes.total() == len(driver.samples)


def test_every_outcome_is_met() -> None:
    """A generator that makes nothing but poison proves nothing."""
    total = sum((one(f"outcomes/{number}")[0] for number in range(2)), start=one("outcomes/2")[0])
    met = {name.partition(" ")[2] for name, count in total.items() if count}
    assert met >= {"applied", "noOp", "refused", "annotation", "deadLetter", "forwarded", "control"}
    assert sum(count for name, count in total.items() if name.endswith("applied")) > total.total() / 10


def test_the_other_readers() -> None:
    """Headers for the timer, state at a restore, policies, traces: each answers in more than one way."""
    met = sum((read(f"tests/{number}") for number in range(30)), start=read("tests"))
    for name in READERS:
        assert sum(told.startswith(f"reader {name}: ") for told in met) > 1, name


@pytest.mark.parametrize("case", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_a_regression(case: Path) -> None:
    """What once failed fails no more."""
    samples, about = load(case)
    assert not replayed(samples, registered=about["registered"]), about["why"]


def test_the_same_seed_is_the_same_history() -> None:
    """Else no failure could be shown again."""
    first, second = Driver("twice", 60), Driver("twice", 60)
    first.run()
    second.run()
    assert first.samples == second.samples
    assert first.history.outcomes == second.history.outcomes


def test_a_case_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Bytes, nulls and flags, over JSON."""
    driver = Driver("case", 80)
    driver.run()
    headers = (("a", None), ("b", b"\xff"))
    odd = Sample(2, 7, None, None, headers, -(2**63), holed=True, down=True, ends="abort")
    save(tmp_path / "case.json", [*driver.samples, odd], why="because", registered=True)
    assert load(tmp_path / "case.json") == ([*driver.samples, odd], {"why": "because", "registered": True})


# -- the judge sees


def _without_headers(message: object) -> list[object]:
    del message
    return []


def _raising(*_: object, **__: object) -> None:
    raise KeyError("a fault")


_WHOLE = Contracts.write_entry


def _half(self: Contracts, entry: Entry) -> bytes:
    return _WHOLE(self, replace(entry, facts=entry.facts[:1]))


FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a dead letter without its headers": lambda patch: patch.setattr(
        dead_letters, "original_headers", _without_headers
    ),
    "a fault in the rules": lambda patch: patch.setattr(staging, "step", _raising),
    "a burial that fails": lambda patch: patch.setattr(staging, "dead_letter", _raising),
    "an entry that tells half": lambda patch: patch.setattr(Contracts, "write_entry", _half),
    "a switch that is not obeyed": lambda patch: patch.setattr(staging.Staging, "_control", lambda *_: None),
    "an outcome that is not journalled": lambda patch: patch.setattr(
        staging.Staging, "_forward", lambda *_: None
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each property has teeth: with the product broken in one place, a few histories are enough."""
    FAULTS[fault](monkeypatch)
    assert any(one(f"broken/{number}", SHORT)[2] for number in range(6)), "nobody noticed"


def _sample(offset: int, body: Input, **changes: object) -> Sample:
    plain = Sample(0, offset, b"P1", written("degradation", body), (), NOW, ends="commit")
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_failure_is_made_small_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of a history of hundreds, the record that matters is left, and shows the same failure again."""
    monkeypatch.setattr("tests.fuzz.__main__.CASES", tmp_path)
    monkeypatch.setattr("tests.fuzz.__main__.ROOT", tmp_path)
    monkeypatch.setattr(dead_letters, "original_headers", _without_headers)
    number = next(number for number in range(20) if one(f"small/{number}", SHORT)[2])
    _, driver, failure = one(f"small/{number}", SHORT)
    kept = tmp_path / _kept(driver, failure, f"small/{number}")
    samples, about = load(kept)
    assert about["why"] == failure
    assert len(samples) <= 3 < len(driver.samples)
    assert place(replayed(samples, registered=about["registered"])) == place(failure)
    monkeypatch.undo()
    assert not replayed(samples, registered=about["registered"])


def test_shrinking_keeps_what_matters() -> None:
    """Records that do not matter go; of those that stay, what does not matter goes."""
    bodies = [degradation("P1", number, observed_at=NOW) for number in range(40)]
    samples = [_sample(at, body, headers=(("a", b"b"),) * 4) for at, body in enumerate(bodies)]

    def fails(given: list[Sample]) -> str:
        guilty = [sample for sample in given if sample.offset in (7, 23) and len(sample.value or b"") > 20]
        return "Failure at x:1: it" if len(guilty) == 2 else ""

    small = shrunk(samples, "Failure at x:1: it", fails)
    assert [sample.offset for sample in small] == [7, 23]
    assert all(not sample.headers and len(sample.value or b"") <= 40 for sample in small)


def test_a_process_that_hangs_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that is never finished with is a failure, not a run that never ends."""

    def endless(*_: object) -> None:
        while True:
            pass

    monkeypatch.setattr("tests.fuzz.__main__.HUNG_S", 1)
    monkeypatch.setattr(Contracts, "read_input", endless)
    assert "HungError" in replayed([_sample(0, degradation("P1", 1))], registered=False)


def test_odd_values_are_of_their_type() -> None:
    """A generator that is refused by the writer at once would test the writer."""
    chance = Random("odd")
    good = 0
    for _ in range(300):
        body = pools.odd(chance, type(degradation("P1", 1)))
        try:
            RECORDS.write_input(body)
        except (ValueError, OverflowError):
            continue
        good += 1
    assert good > 200


def test_a_history_counts_each_input_once() -> None:
    """The same place given twice is a fault of the history, and is seen as one."""
    twice = [_sample(0, degradation("P1", 1, observed_at=NOW))] * 2
    assert "never taken" in replayed(twice, registered=False)
    history = History()
    history.run(twice[:1])
    assert history.outcomes.total() == 1
