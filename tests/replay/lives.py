"""Random lives of a product, made with the core: every entry in the journals of these tests is real."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from qosresolve.core.policy import HoldRule, ThresholdRule
from qosresolve.core.vocabulary import Verb
from qosresolve.core.windows import Window
from tests.core.builders import BRONZE, DAY, GOLD, MINUTE, at
from tests.replay.test_explain import BOTH, HELD, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = replace(
    HELD,
    tiers={"gold": GOLD, "bronze": replace(BRONZE, thresholds=(ThresholdRule(50, 2), ThresholdRule(90, 3)))},
    holds={
        "customerAccess": HoldRule(BOTH, 45 * MINUTE),
        "parts": HoldRule(BOTH[1:]),
        "maintenance": HoldRule(BOTH),
    },
    work_thresholds=(ThresholdRule(50, 2),),
    overdue_level=4,
    roles={**HELD.roles, Verb.CLASSIFY: ("operator",), Verb.CLOSE: ("operator",)},
)
_DOINGS = (
    "bad", "bad", "bad", "good", "good", "acknowledge", "hold", "resume", "find", "answer", "assign", "link",
    "classify", "cancel", "clear", "close", "refuse-resolution", "restore", "set-severity", "late", "long",
)  # fmt: skip
_MORE: dict[str, Callable[[int], dict[str, str]]] = {
    "hold": lambda pick: {"reason": ("customerAccess", "parts")[pick % 2]},
    "classify": lambda pick: {"value": ("slaExclusion", "falsePositive", "counted")[pick % 3]},
    "cancel": lambda _: {"reason": "falseAlarm"},
    "assign": lambda pick: {"value": ("anna", "night-desk")[pick % 2]},
    "set-severity": lambda pick: {"value": ("minor", "critical")[pick % 2]},
    "patch": lambda pick: {"field": "masterProblem", "value": ("PRB-1", "")[pick % 2]},
}


@dataclass(frozen=True)
class Doing:
    """One thing that happens, some minutes after the one before."""

    what: str
    passes: int
    pick: int


def lives(most: int = 18) -> st.SearchStrategy[list[Doing]]:
    """Return what may happen."""
    doing = st.builds(Doing, st.sampled_from(_DOINGS), st.integers(1, 50), st.integers(0, 11))
    return st.lists(doing, max_size=most)


def live(doings: list[Doing]) -> Stage:
    """Let it happen, sometimes in a maintenance window; the timer is punctual, but after `late` it slept."""
    stage, now, late = Stage(POLICY), at("09:00"), False
    if doings and doings[0].pick % 3 == 0:
        stage.windows = (Window("CHG-1", at("08:00"), ((at("09:20"), at("10:15")),)),)
    stage.sample(now, "major", tier="bronze" if doings and doings[0].pick % 2 else "gold")
    for doing in doings:
        now += doing.passes * MINUTE + (8 * DAY if doing.what == "long" else 0)
        if not late:
            stage.run_until(now)
        late = doing.what == "late"
        _do(stage, doing, now)
    stage.run_until(now)
    return stage


def _do(stage: Stage, doing: Doing, now: int) -> None:
    what, pick = doing.what, doing.pick
    clock = f"+{(now - at('00:00')) // DAY} {now % DAY // (60 * MINUTE)}:{now % (60 * MINUTE) // MINUTE:02}"
    indicator = ("latency", "loss")[pick % 2]
    if what in ("late", "long"):
        return
    if what in ("bad", "good"):
        severity = "good" if what == "good" else ("minor", "major", "critical")[pick % 3]
        stage.sample(now, severity, indicator=indicator, tier=("gold", "bronze")[pick // 6])
    elif what == "find":
        stage.find(clock, ("resource", "service", "unknown")[pick % 3], f"cpe-{pick % 2}")
    elif what == "answer":
        running = [item for report in stage.case.reports for item in report.obligations if item.running]
        if running:
            node = running[pick % len(running)].node
            stage.answer(clock, node, ("accepted", "resolved", "rejected")[pick % 3])
    else:
        verb = "patch" if what == "link" else what
        stage.command(clock, verb, **(_MORE[verb](pick) if verb in _MORE else {}))
