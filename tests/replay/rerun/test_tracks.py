"""Two accounts of a report laid side by side: what is the same, and what each difference is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qosresolve.core.case import Case
from qosresolve.core.clocks import Threshold
from qosresolve.core.facts import Entry, EscalationRaised, Fact, ReportForgotten, ReportOpened, TargetSet
from qosresolve.core.inputs import Cause
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import ClockName, Jeopardy, Outcome, Severity
from qosresolve.replay.rerun.decisions import Decision, Kind
from qosresolve.replay.rerun.differences import Line, Verdict, line_of, plain, verdict_of
from qosresolve.replay.rerun.tracks import Side, Tracks
from tests.core.builders import MINUTE, PRODUCT, at

if TYPE_CHECKING:
    from collections.abc import Sequence

TEN = at("10:00")
REPORT, OTHER = "report-1", "report-2"


def entry(now: int, *facts: Fact) -> Entry:
    cause = Cause("qos.degradation.v1", 0, 1, "event")
    return Entry(PRODUCT, cause, now, Outcome.APPLIED, Rule.NONE, "policy", b"", facts)


def opened(report: str, opened_at: int, began: int = TEN) -> ReportOpened:
    return ReportOpened(
        report, PRODUCT, "customer-1", "gold", "", "", "policy", Severity.MAJOR, opened_at, began,
        "", "", "", 1, "",
    )  # fmt: skip


def called(level: int, instant: int, target: str = "lead", report: str = REPORT) -> EscalationRaised:
    return EscalationRaised(
        report, "e", level, Jeopardy.AT_RISK, ClockName.RESTORE, None, target, instant, None, 0, "because"
    )


def due(instant: int | None) -> TargetSet:
    return TargetSet(REPORT, ClockName.RESTORE, TEN, 1, instant, (Threshold(50, TEN, 1),), "opened")


def tracks(tolerance: int = 0, *, whole: bool = False) -> Tracks:
    return Tracks(tolerance, Case, whole=whole)


def found(made: Tracks) -> list[tuple[str, str, str]]:
    """Return (kind, about, verdict) of all that differs, once both accounts have ended."""
    return [
        (str(p.either.kind), p.either.what, str(p.verdict)) for line in made.finish() for p in line.differing
    ]


def both(made: Tracks, recorded: Sequence[Fact], replayed: Sequence[Fact]) -> Tracks:
    for side, facts in ((Side.REPLAYED, replayed), (Side.RECORDED, recorded)):
        for fact in facts:
            made.take(side, entry(TEN, fact))
    return made


@pytest.mark.parametrize(
    ("recorded", "replayed", "verdict"),
    [
        (called(2, TEN), called(2, TEN), None),
        (called(2, TEN), called(2, TEN + 999), None),
        (called(2, TEN), called(2, TEN + 1_001), "later"),
        (called(2, TEN), called(2, TEN - 1_001), "earlier"),
        (called(2, TEN), called(2, TEN, "manager"), "other"),
        (due(TEN), due(TEN + MINUTE), "later"),
        (due(TEN), due(None), "later"),
        (due(None), due(TEN), "earlier"),
        (due(None), due(None), None),
    ],
)
def test_a_decision_on_both_sides_is_compared_by_its_instant(
    recorded: Fact, replayed: Fact, verdict: str | None
) -> None:
    """Within the tolerance it is the same, unless it says something else; no deadline is later than any."""
    verdicts = [it for _, _, it in found(both(tracks(1_000), [recorded], [replayed]))]
    assert verdicts == ([verdict] if verdict else [])


def test_what_one_side_has_alone_is_missing_or_new() -> None:
    """Levels are different decisions; the first of a level belongs to the first of it."""
    recorded = [called(2, TEN), called(5, TEN), called(5, TEN + MINUTE)]
    assert found(both(tracks(), recorded, [called(5, TEN), called(7, TEN)])) == [
        ("escalated", "level 7", "new"),
        ("escalated", "level 2", "missing"),
        ("escalated", "level 5", "missing"),
    ]


def test_what_the_record_ends_too_early_for_is_not_new() -> None:
    """Who fires late may not have come yet: within the tolerance of the end, nothing is new."""
    for instant, expected in ((TEN - 1_001, ["new"]), (TEN - 1_000, []), (TEN, [])):
        made = tracks(1_000)
        made.take(Side.BOTH, entry(TEN))
        made.take(Side.REPLAYED, entry(instant, called(2, instant)))
        assert [verdict for _, _, verdict in found(made)] == expected
    made = tracks(1_000)
    made.take(Side.BOTH, entry(TEN))
    made.take(Side.REPLAYED, entry(TEN - MINUTE, due(TEN + MINUTE)))
    assert [verdict for _, _, verdict in found(made)] == ["new"]


def test_a_report_is_told_of_once_both_accounts_of_it_have_ended() -> None:
    """Not before: what is missing may still come. Afterwards nothing of it is kept."""
    made = both(tracks(), [called(2, TEN)], [])
    made.take(Side.RECORDED, entry(TEN, ReportForgotten(REPORT)))
    assert list(made.done()) == []
    made.take(Side.REPLAYED, entry(TEN, ReportForgotten(REPORT)))
    (line,) = made.done()
    assert [pair.verdict for pair in line.pairs] == [Verdict.MISSING]
    assert list(made.finish()) == []


def test_what_is_the_same_takes_no_memory() -> None:
    """Reports on which both accounts agree are let go at once, and nothing is ever told of them."""
    made = tracks()
    for number in range(100):
        report = f"report-{number}"
        both(made, [opened(report, TEN)], [opened(report, TEN)])
    assert made._of == {}
    assert list(made.finish()) == []


def test_the_same_trouble_under_another_id_is_one_report() -> None:
    """Whichever side opened first: same product and beginning, opened later, its calls beside each other."""
    for first, second in ((Side.RECORDED, Side.REPLAYED), (Side.REPLAYED, Side.RECORDED)):
        made = tracks()
        told: dict[Side, list[Fact]] = {
            Side.RECORDED: [opened(REPORT, TEN), called(2, TEN)],
            Side.REPLAYED: [opened(OTHER, TEN + MINUTE), called(2, TEN, report=OTHER)],
        }
        for side in (first, second):
            for fact in told[side]:
                made.take(side, entry(TEN, fact))
        (line,) = made.finish()
        assert (line.about.report_id, line.about.replayed_id) == (REPORT, OTHER)
        assert [(pair.either.kind, pair.verdict) for pair in line.differing] == [(Kind.OPENED, Verdict.LATER)]


def test_another_trouble_of_the_product_is_another_report() -> None:
    """One that began at another instant is not the same."""
    made = both(tracks(), [opened(REPORT, TEN)], [opened(OTHER, TEN, TEN + MINUTE)])
    assert sorted(found(made)) == [("opened", "", "missing"), ("opened", "", "new")]


def test_whoever_draws_gets_what_is_the_same_too() -> None:
    """Asked for the whole, a line has all decisions; reports without a difference are left out."""
    made = tracks(whole=True)
    made.take(Side.BOTH, entry(TEN, opened(REPORT, TEN), called(2, TEN)))
    made.take(Side.BOTH, entry(TEN, opened(OTHER, TEN, TEN - MINUTE)))
    made.take(Side.RECORDED, entry(TEN, called(5, TEN + MINUTE)))
    (line,) = made.finish()
    assert [str(pair.verdict) for pair in line.pairs] == ["same", "same", "missing"]
    assert line_of(plain(line)) == line


def test_a_product_that_is_given_up_is_not_accused() -> None:
    """What had no counterpart yet says nothing; what was found before stays."""
    made = both(tracks(), [called(2, TEN), called(5, TEN)], [called(2, TEN + MINUTE)])
    made.leave(PRODUCT)
    assert found(made) == [("escalated", "level 2", "later")]


def test_a_line_survives_its_file() -> None:
    """What is written for another process is what was found."""
    pair_of = both(tracks(), [called(2, TEN)], [called(2, TEN + MINUTE), called(9, TEN)])
    (line,) = pair_of.finish()
    assert isinstance(line, Line)
    assert line_of(plain(line)) == line
    assert verdict_of(Decision(Kind.DUE, "", 0), Decision(Kind.DUE, "", 0), 0) is Verdict.SAME
