"""Maintenance windows that are lifted or replaced: what they did until then stays, whoever looks when."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from qosresolve.core.facts import HoldEnded, HoldStarted
from qosresolve.core.policy import HoldRule, Policies, Policy
from qosresolve.core.vocabulary import ClockName
from qosresolve.core.windows import Window, covering
from tests.core.builders import POLICY, Product, at

HELD = replace(POLICY, holds={"maintenance": HoldRule((ClockName.RESTORE,))})
MORNING = Window("w", at("10:00"), ((at("10:30"), at("12:00")),))
LIFTED = replace(MORNING, lifted_at=at("11:30"))
LONGER = Window("w", at("11:30"), ((at("10:30"), at("12:30")),))


# -- the time that one covers


@pytest.mark.parametrize(
    ("entered", "lifted", "spans"),
    [
        ("10:00", None, [("10:30", "11:00"), ("11:30", "12:00")]),
        ("10:00", "12:00", [("10:30", "11:00"), ("11:30", "12:00")]),
        ("10:00", "11:45", [("10:30", "11:00"), ("11:30", "11:45")]),
        ("10:00", "11:30", [("10:30", "11:00")]),
        ("10:40", "10:50", [("10:40", "10:50")]),
        ("10:40", "10:40", []),
        ("10:00", "10:30", []),
    ],
)
def test_a_window_holds_from_its_entering_to_its_lifting(
    entered: str, lifted: str | None, spans: list[tuple[str, str]]
) -> None:
    """What lay before and what would have come after is no part of it."""
    two = ((at("10:30"), at("11:00")), (at("11:30"), at("12:00")))
    window = Window("w", at(entered), two, lifted_at=at(lifted) if lifted else None)
    assert window.effective() == tuple((at(start), at(end)) for start, end in spans)


def test_a_window_and_its_successor_are_one_time() -> None:
    """Where one ends because the other was entered there is no gap."""
    assert covering((LIFTED, LONGER)) == ((at("10:30"), at("12:30")),)


# -- the pause of an open report


@dataclass
class Maintained(Product):
    """A product whose partition knows windows."""

    policy: Policy = HELD
    windows: tuple[Window, ...] = ()

    @property
    def policies(self) -> Policies:
        """Return the policy, and the windows."""
        return replace(super().policies, windows=self.windows)

    def pauses(self) -> list[tuple[int, int]]:
        """Return since when and to when maintenance held the report, as the journal tells it."""
        since, told = 0, []
        for fact in self.facts():
            if isinstance(fact, HoldStarted):
                since = fact.hold.since
            elif isinstance(fact, HoldEnded):
                told.append((since, fact.at))
        return told


def looked_at(*steps: tuple[str, tuple[Window, ...]]) -> Maintained:
    """Return a product with a report of 10:00 that is looked at, each time with what is known then."""
    product = Maintained()
    product.sample("10:00")
    for clock, windows in steps:
        product.windows = windows
        product.command(clock, "note", value="looked")
    return product


AGAIN = Window("w", at("11:40"), ((at("11:40"), at("12:30")),))


@pytest.mark.parametrize(
    ("steps", "pauses"),
    [
        ([("13:00", (LIFTED,))], [("10:30", "11:30")]),
        ([("13:00", (LIFTED, LONGER))], [("10:30", "12:30")]),
        ([("10:45", (MORNING,)), ("11:45", (LIFTED,))], [("10:30", "11:30")]),
        ([("10:45", (MORNING,)), ("13:00", (LIFTED,))], [("10:30", "11:30")]),
        ([("10:45", (MORNING,)), ("11:45", (LIFTED, LONGER)), ("13:00", ())], [("10:30", "12:30")]),
        ([("10:45", (MORNING,)), ("13:00", (LIFTED, LONGER))], [("10:30", "12:30")]),
        ([("13:00", (LIFTED, AGAIN))], [("10:30", "11:30"), ("11:40", "12:30")]),
        (
            [("10:45", (MORNING,)), ("11:45", (LIFTED, AGAIN)), ("13:00", (LIFTED, AGAIN))],
            [("10:30", "11:30"), ("11:40", "12:30")],
        ),
    ],
    ids=["lifted", "prolonged", "lifted-seen-in", "lifted-seen-in-late", "prolonged-seen-in",
         "prolonged-seen-in-late", "anew", "anew-seen-in"],
)  # fmt: skip
def test_a_pause_ends_when_its_window_was_lifted(
    steps: list[tuple[str, tuple[Window, ...]]], pauses: list[tuple[str, str]]
) -> None:
    """It is as if the report had been told at once, whether or not somebody looked in between."""
    product = looked_at(*steps)
    assert product.pauses() == [(at(since), at(until)) for since, until in pauses]
    length = sum(at(until) - at(since) for since, until in pauses)
    assert product.report.restore.due_at == at("12:00") + length
