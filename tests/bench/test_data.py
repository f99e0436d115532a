"""The events of the benchmark: the same for the same seed, and of the mix that is told."""

from collections import Counter
from pathlib import Path

from qosresolve.core.inputs import Degradation
from qosresolve.core.vocabulary import DegradationKind
from tests.bench.whole.data import BASE_MS, EVERY_MS, Shape, made, prepared, shift_to
from tests.kafka.harness import RECORDS

SMALL = Shape(events=5_000, products=200)
NOW = 1_790_000_000_000


def test_the_same_seed_gives_the_same_bytes_and_another_one_others() -> None:
    """Two runs compare the same work."""
    assert list(made(SMALL)) == list(made(SMALL))
    assert list(made(SMALL)) != list(made(Shape(events=5_000, products=200, seed=2)))


def test_the_file_holds_what_was_made(tmp_path: Path) -> None:
    """Reading what an earlier run left is the same as making it."""
    first = prepared(SMALL, tmp_path)
    assert first == prepared(SMALL, tmp_path) == list(made(SMALL))
    assert len(list(tmp_path.iterdir())) == 1


def test_the_mix_is_as_told_and_each_product_begins_with_a_raise() -> None:
    """15 % raise, 75 % update, 10 % abate; and nothing is abated that was not raised."""
    events = list(made(SMALL))
    share = {kind: count / len(events) for kind, count in Counter(event.kind for event in events).items()}
    assert abs(share[DegradationKind.RAISE] - 0.15) < 0.015
    assert abs(share[DegradationKind.ABATE] - 0.10) < 0.015
    good = {event.product for event in events}
    for event in events:
        assert event.product not in good or event.kind is DegradationKind.RAISE
        (good.add if event.kind is DegradationKind.ABATE else good.discard)(event.product)


def test_hot_products_have_nearly_all_events() -> None:
    """Of the other shape 1 % of the products have 90 % of the events."""
    count = Counter(event.product for event in made(Shape(events=5_000, products=200, shape="hot")))
    assert 0.85 < sum(n for _, n in count.most_common(2)) / 5_000 < 0.95


def test_moving_an_event_changes_its_instant_alone() -> None:
    """What is sent is an event of now, and else what was made."""
    events = list(made(SMALL))
    by = shift_to(events, NOW)
    for sequence, event in enumerate(events[:50], 1):
        before, after = (RECORDS.read_input("degradation", data) for data in (event.value, event.moved(by)))
        assert isinstance(before, Degradation)
        assert isinstance(after, Degradation)
        assert before.observed_at == BASE_MS + int(sequence * EVERY_MS)
        assert after.observed_at == before.observed_at + by
        assert after.event_id == before.event_id
        assert after.value == before.value
    last = RECORDS.read_input("degradation", events[-1].moved(by))
    assert isinstance(last, Degradation)
    assert last.observed_at == NOW
