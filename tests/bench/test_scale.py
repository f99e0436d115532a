"""What `make bench-scale` and `make bench-soak` make of events, journals and figures; no broker."""

from collections import Counter
from itertools import islice

import pytest

from qosresolve.core.inputs import Degradation
from qosresolve.core.vocabulary import DegradationKind
from tests.bench import population, scale
from tests.bench.journal import Taken
from tests.bench.standing import SHARES, Spread, events
from tests.bench.whole import result
from tests.bench.whole.measuring import FailedError, Measured
from tests.core.builders import DAY, HOUR, MONDAY
from tests.kafka.harness import RECORDS

TOPIC = "b.in"


@pytest.mark.parametrize("active", [50, 100_000], ids=["each often", "each hardly once"])
def test_the_mix_is_the_same_however_wide_the_events_are_spread(active: int) -> None:
    """15 % raise, 75 % update, 10 % abate; what is good is only raised."""
    made = list(islice(events(Spread(active)), 20_000))
    counted = Counter(event.kind for event in made)
    for kind, share in SHARES.items():
        assert counted[kind] / len(made) == pytest.approx(share, abs=0.01)
    good = set[str]()
    for event in made:
        assert event.product not in good or event.kind is DegradationKind.RAISE
        (good.add if event.kind is DegradationKind.ABATE else good.discard)(event.product)


def test_the_same_seed_gives_the_same_events() -> None:
    """Two runs compare the same work."""
    first, again, other = (list(islice(events(Spread(50), seed), 200)) for seed in (1, 1, 2))
    assert first == again != other


def test_hot_products_have_nearly_all_events() -> None:
    """1 % of the products have 90 % of the events."""
    count = Counter(event.product for event in islice(events(Spread(200, hot=True)), 5_000))
    assert 0.85 < sum(n for _, n in count.most_common(2)) / 5_000 < 0.95


def test_an_event_is_about_what_the_report_has() -> None:
    """Product, object and indicator are those of the report's first row; the severity is so nearly always."""
    reports = {product: value for product, _, value in population.reports(range(population.LIVES))}
    same = 0
    for event in islice(events(Spread(population.LIVES)), 500):
        body = RECORDS.read_input("degradation", event.value)
        row = RECORDS.read_report(reports[event.product]).indicators[0]
        assert isinstance(body, Degradation)
        assert (body.indicator, body.object_id) == (row.name, row.object_id)
        same += body.severity is row.severity
    assert same > 450


def test_lives_are_the_same_whenever_they_were_opened() -> None:
    """So a report's severity is known by its number alone."""
    other = population.Opened(MONDAY + 7 * DAY, HOUR)
    for opened in (population.OPENED, other):
        for number, (_, _, value) in enumerate(population.reports(range(population.LIVES), opened)):
            row = RECORDS.read_report(value).indicators[0]
            assert row.severity is population.severity_of(number)
            assert row.name == population.INDICATOR


def test_a_journal_that_names_each_event_once_is_whole() -> None:
    """Partitions are read side by side, so places come in any order."""
    taken = Taken(TOPIC)
    for place in [(1, 1), (0, 0), (1, 0)]:
        taken.note(*place)
    taken.whole({0: 1, 1: 2})
    taken.whole({0: 1, 1: 2, 2: 0})


@pytest.mark.parametrize(
    "ends", [{0: 1, 1: 3}, {0: 1, 1: 1}, {0: 1}, {0: 2, 1: 2}], ids=["less", "more", "other", "none"]
)
def test_a_journal_with_gaps_is_refused(ends: dict[int, int]) -> None:
    """An event that is not named, or one that is named and was not sent, is an error."""
    taken = Taken(TOPIC)
    for place in [(0, 0), (1, 0), (1, 1)]:
        taken.note(*place)
    with pytest.raises(FailedError, match="the journal names"):
        taken.whole(ends)


def test_an_event_that_is_named_twice_is_refused() -> None:
    """It is told at once, with its place."""
    taken = Taken(TOPIC)
    taken.note(3, 7)
    with pytest.raises(FailedError, match="3/7 is in the journal twice"):
        taken.note(3, 7)


def test_cases_are_held_against_the_first_round_by_round() -> None:
    """A machine that was slower in one round was so for all cases of it."""
    runs = {
        "base": [Measured(10, 20, 1, 100), Measured(5, 10, 1, 100)],
        "other": [Measured(5, 19, 1, 200), Measured(4, 9, 1, 200)],
    }
    found = scale.against(runs, "base")
    assert list(found) == ["other"]
    assert found["other"]["cpu"] == {"median": 0.925, "min": 0.9, "max": 0.95}
    assert found["other"]["wall"] == {"median": 0.65, "min": 0.5, "max": 0.8}
    whole = {"cases": result.throughput(runs), "ratios": found}
    lines = scale.table(whole).splitlines()
    assert "(0.90-0.95)" in lines[2]
    assert "15 (10-20)" in lines[1]
