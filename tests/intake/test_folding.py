"""Floods: what says nothing new within the window is folded, nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.core.record import changed
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.intake.folding import Folding
from qosresolve.intake.reading import Observation

NOW = 1_800_000_000_000
SEEN = Observation(
    "probe",
    "1",
    1,
    DegradationKind.RAISE,
    "latency",
    ("if1", "host"),
    ObjectKind.RESOURCE,
    Severity.MAJOR,
    NOW,
)


def test_the_same_within_the_window_is_folded_into_the_first() -> None:
    """The window runs from what was let through, so that a flood shows once a window."""
    folding = Folding(1_000)
    assert [folding.folds(SEEN, NOW + at) for at in (0, 1, 999, 1_000, 1_500, 2_000)] == [
        False, True, True, False, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {"kind": DegradationKind.ABATE},
        {"severity": Severity.CRITICAL},
        {"indicator": "jitter"},
        {"objects": ("if2", "host")},
        {"source": "other"},
    ],
)
def test_what_differs_is_never_folded(other: dict[str, object]) -> None:
    """Another source, object, indicator, kind or severity says something new."""
    folding = Folding(1_000)
    assert not folding.folds(SEEN, NOW)
    assert not folding.folds(changed(SEEN, **other), NOW)


def test_what_a_dropped_batch_let_through_does_not_count() -> None:
    """A batch that is taken again must not be folded into itself: it would be lost."""
    folding = Folding(1_000)
    folding.folds(SEEN, NOW)
    folding.drop()
    assert not folding.folds(SEEN, NOW)
    folding.accept()
    assert folding.folds(SEEN, NOW)


def test_it_can_be_off_and_records_may_have_no_time() -> None:
    """Without a window, or a time, nothing is folded."""
    assert not any(Folding(0).folds(SEEN, NOW) for _ in range(3))
    folding = Folding(1_000)
    assert not any(folding.folds(SEEN, 0) for _ in range(3))


def test_what_is_remembered_is_bounded() -> None:
    """A million different crossings do not fill the memory."""
    folding = Folding(1_000, most=10)
    for at in range(1_000):
        folding.folds(changed(SEEN, indicator=str(at)), NOW)
        folding.accept()
    assert len(folding) <= 22


@given(
    st.lists(st.tuples(st.sampled_from(DegradationKind), st.sampled_from(Severity), st.integers(0, 5_000)))
)
def test_each_change_of_kind_or_severity_is_let_through(
    told: list[tuple[DegradationKind, Severity, int]],
) -> None:
    """Whatever the order and the times, what is let through last says what was said last."""
    folding = Folding(1_000)
    last = None
    for kind, severity, at in told:
        if not folding.folds(changed(SEEN, kind=kind, severity=severity), NOW + at):
            last = kind, severity
        assert last == (kind, severity)
