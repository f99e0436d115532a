"""Random days: a replay says the same, and under another policy what a worker under that policy would say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as some

from qosresolve.core.facts import ReportOpened
from qosresolve.core.policy import ThresholdRule
from qosresolve.core.vocabulary import DegradationKind, Outcome, Severity, Verb
from qosresolve.replay.rerun.question import Bound, Question
from tests.core.builders import MINUTE, MONDAY
from tests.kafka.bench import POLICY_A, products
from tests.kafka.harness import command, degradation
from tests.replay.rerun.bed import Bed, canonical, under
from tests.replay.rerun.by_hand import account, differing

if TYPE_CHECKING:
    from qosresolve.core.facts import Entry
    from qosresolve.core.inputs import Input
    from qosresolve.core.policy import Policy

PRODUCTS = products(3)
GOLD = POLICY_A.tiers["gold"]


class Moment(NamedTuple):
    """One thing that is sent, some minutes after the one before."""

    minutes: int
    product: int
    what: str


moments = some.builds(
    Moment,
    some.integers(0, 90),
    some.integers(0, 2),
    some.sampled_from(
        ("minor", "major", "critical", "good", "good", "acknowledge", "clear", "hold", "close")
    ),
)
policies = some.builds(
    lambda *chosen: _changed(*chosen),  # noqa: PLW0108 - it is defined below
    some.integers(5, 45),
    some.integers(1, 4),
    some.sampled_from((0, 5, 20)),
)


def _changed(percent: int, level: int, minutes: int) -> Policy:
    gold = replace(GOLD, thresholds=(ThresholdRule(percent, level), *GOLD.thresholds[1:]))
    quick = replace(POLICY_A.default_indicator, clear_after=minutes * MINUTE)
    changed = replace(POLICY_A, tiers={**POLICY_A.tiers, "gold": gold}, default_indicator=quick)
    return canonical(changed)[1]


def recorded(policy: Policy, day: list[Moment]) -> Bed:
    """Return what a worker under a policy, with a punctual timer, makes of a day."""
    bed, at = Bed(policy=policy), MONDAY
    for sequence, moment in enumerate(day, 1):
        at += moment.minutes * MINUTE
        bed.run_until(at)
        bed.take(_input(moment, at, sequence))
    bed.run_until(at + 1)
    return bed


def _input(moment: Moment, at: int, sequence: int) -> Input:
    product = PRODUCTS[moment.product]
    if moment.what in (*Severity, "good"):
        good = moment.what == "good"
        return degradation(
            product,
            sequence,
            observed_at=at,
            kind=DegradationKind.ABATE if good else DegradationKind.RAISE,
            severity=Severity.WARNING if good else Severity(moment.what),
        )
    return command(product, Verb(moment.what), issued_at=at, command_id=f"command-{sequence}")


def decided(entry: Entry) -> object:
    """Return all that an entry says but where a deadline lay, which a replay cannot know."""
    return entry.product_id, entry.now, entry.outcome, entry.rule, entry.facts


@pytest.mark.slow
@given(some.lists(moments, min_size=1, max_size=12), some.integers(0, 1_000), some.sampled_from((1, 2, 50)))
def test_any_range_of_any_day_says_the_same(day: list[Moment], where: int, cached: int) -> None:
    """Whatever came in, in whatever order, with however little memory: every entry is byte for byte equal."""
    bed = recorded(POLICY_A, day)
    begin = bed.entries[where % len(bed.entries)].cause
    for since in (Bound(), Bound(where=(begin.topic, begin.partition, begin.offset))):
        replayed = bed.replay(Question(since=since), cached=cached)
        assert replayed.found == []
        sent = [taken.written for taken in replayed.sent]
        assert sent == bed.journal[len(bed.journal) - len(sent) :]
        assert sent


@pytest.mark.slow
@given(some.lists(moments, min_size=1, max_size=10), policies)
def test_another_policy_decides_what_a_worker_under_it_would_have_decided(
    day: list[Moment], policy: Policy
) -> None:
    """The reference is a worker that had the other policy from the beginning: all decisions are the same."""
    bed, other = recorded(POLICY_A, day), recorded(policy, day)
    question, all_of_it = under(policy)
    replayed = bed.replay(question, policies=all_of_it)
    wanted = [decided(it) for it in other.entries if it.outcome is not Outcome.CONTROL]
    found = [decided(taken.entry) for taken in replayed.sent]
    # Beyond the last record of what was recorded nobody knows that time went on.
    assert found == wanted[: len(found)]
    later = [entry.now for entry in other.entries if entry.outcome is not Outcome.CONTROL][len(found) :]
    assert all(now > bed.entries[-1].now for now in later)
    assert {line.about.product_id for line in replayed.lines} == _differing(
        bed.entries, replayed.sent_entries
    )


def _differing(recorded: list[Entry], replayed: list[Entry]) -> set[str]:
    """Return, by hand, the products of whose reports the two accounts tell anything else."""
    product_of = {
        fact.report_id: fact.product_id
        for entry in recorded + replayed
        for fact in entry.facts
        if isinstance(fact, ReportOpened)
    }
    return {product_of[report] for report in differing(account(recorded), account(replayed))}
