"""Random lives of a report, with holds, windows, relapses and late timers: every instant is confirmed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from qosresolve.core.facts import ReportOpened
from qosresolve.core.policy import HoldRule, Policy, ThresholdRule
from qosresolve.core.windows import Window
from qosresolve.replay.explain import explain, explain_product
from tests.core.builders import DAY, HOUR, MINUTE, MONDAY, PRODUCT, at
from tests.replay.test_explain import BOTH, HELD, Stage

SEVERITIES = ("warning", "minor", "major", "critical")
INDICATORS = ("latency", "loss")
DOINGS = (
    "bad", "bad", "bad", "good", "good", "hold", "hold", "resume", "find", "set-severity", "release-severity",
    "acknowledge", "acknowledge-escalation", "answer", "refuse-resolution",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(80))
def test_every_instant_of_a_random_life_is_confirmed(seed: int) -> None:
    """Whatever comes in whatever order, the explanation's own walk ends where the facts say."""
    dice = random.Random(seed)
    stage = Stage(_policy(dice))
    if dice.random() < 0.6:
        begins = at("09:00") + dice.randrange(300) * MINUTE
        ends = begins + dice.randrange(5, 90) * MINUTE
        stage.windows = (Window("CHG-1", at("08:00"), ((begins, ends),)),)
    now, late, site = at("09:00"), dice.random() < 0.4, dice.choice(("", "hq"))
    for _ in range(dice.randrange(4, 22)):
        now += dice.randrange(1, 40) * MINUTE
        if not late or dice.random() < 0.3:
            stage.run_until(now)
        _do(stage, dice, now, site)
    policies = {stage.policy.hash: stage.policy}
    for fact in stage.facts():
        if isinstance(fact, ReportOpened):
            assert explain(PRODUCT, fact.report_id, stage.entries, policies).problems == ()
    explain_product(PRODUCT, stage.entries, policies)


def _policy(dice: random.Random) -> Policy:
    return replace(
        HELD,
        retarget_from_start=dice.random() < 0.3,
        falls_retarget=dice.random() < 0.5,
        window_counts=dice.random() < 0.3,
        holds={
            "customerAccess": HoldRule(BOTH, dice.choice((30 * MINUTE, None))),
            "maintenance": HoldRule(dice.choice((BOTH, BOTH[1:]))),
        },
        work_thresholds=(ThresholdRule(50, 2),),
        overdue_level=4,
        times=replace(HELD.times, check_within=10 * MINUTE),
    )


def _do(stage: Stage, dice: random.Random, now: int, site: str) -> None:
    clock = f"+{(now - MONDAY) // DAY} {(now - MONDAY) % DAY // HOUR}:{(now - MONDAY) % HOUR // MINUTE:02}"
    doing, indicator = dice.choice(DOINGS), dice.choice(INDICATORS)
    if doing == "bad":
        stage.sample(clock, dice.choice(SEVERITIES), indicator=indicator, site=site)
    elif doing == "good":
        stage.sample(clock, "good", indicator=indicator, site=site)
    elif doing == "hold":
        backdated = {"at": now - dice.randrange(30) * MINUTE} if dice.random() < 0.4 else {}
        stage.command(clock, "hold", reason="customerAccess", **backdated)
    elif doing == "find":
        stage.find(clock, dice.choice(("resource", "supplier", "service")), "cpe-1", party="carrier")
    elif doing == "answer":
        running = [item for report in stage.case.reports for item in report.obligations if item.running]
        if running:
            stage.answer(clock, dice.choice(running).node, dice.choice(("accepted", "resolved", "rejected")))
    else:
        stage.command(clock, doing, value=dice.choice(SEVERITIES) if doing == "set-severity" else "")
