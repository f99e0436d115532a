"""A recorded partition replayed: the same, piece by piece; and what is found where it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qosresolve.core.facts import Entry, ReportOpened
from qosresolve.core.inputs import Answer
from qosresolve.core.policy import ThresholdRule, UnknownPolicyError
from qosresolve.core.step import step
from qosresolve.core.vocabulary import AnswerState, DegradationKind, Outcome, Severity, Verb
from qosresolve.errors import FatalError
from qosresolve.kafka.murmur import partition_of
from qosresolve.replay.rerun import stepping
from qosresolve.replay.rerun.question import Bound, Question
from qosresolve.topics import DEGRADATION
from tests.core.builders import HOUR, MINUTE, MONDAY
from tests.kafka.bench import NAMES, POLICY_A, POLICY_B, products
from tests.kafka.harness import PARTITIONS, command, degradation
from tests.replay.rerun.bed import Bed, under

P, Q = products(2)
ELSEWHERE = products(1, number=(partition_of(P, PARTITIONS) + 1) % PARTITIONS)[0]
GOLD = POLICY_A.tiers["gold"]
SOONER = replace(
    POLICY_A,
    tiers={**POLICY_A.tiers, "gold": replace(GOLD, thresholds=(ThresholdRule(25, 2), *GOLD.thresholds[1:]))},
)


def day() -> Bed:
    """Record every kind of outcome that there is, with alarms between."""
    bed = Bed(known=[POLICY_B])
    at = MONDAY
    bed.take(degradation(P, 1, observed_at=at, severity=Severity.MAJOR), at)
    bed.take(degradation(P, 1, observed_at=at, severity=Severity.MAJOR))  # again: no-op
    bed.take(command(P, Verb.CLOSE, issued_at=at))  # refused
    bed.raw(DEGRADATION, b"\x00\x01 no record", P.encode())
    bed.take(degradation(ELSEWHERE, 1, observed_at=at))  # forwarded
    bed.take(degradation(Q, 1, observed_at=at + 5 * MINUTE, tier="bronze"), at + 5 * MINUTE)
    window = '{"window_id": "w", "starts_at": "2026-03-02T00:30:00Z", "ends_at": "2026-03-02T01:00:00Z"}'
    bed.take(command("", Verb.SET_WINDOW, field="set", value=window, role="operator"))
    report = bed.bench.partition.store.get(P).open
    assert report is not None
    bed.take(command(P, Verb.ACKNOWLEDGE, report_id=report.report_id), at + 6 * MINUTE)
    bed.take(Answer(P, "a-1", "nothing", AnswerState.ACCEPTED, at))  # refused
    bed.take(command("", Verb.ACTIVATE_POLICY, value=POLICY_B.hash, role="policy-manager"), at + HOUR)
    bed.take(degradation(Q, 2, observed_at=at + HOUR, kind=DegradationKind.ABATE), at + HOUR)
    bed.take(degradation(Q, 1, observed_at=at, tier="bronze", severity=Severity.MINOR))  # same id, other body
    bed.run_until(at + 12 * HOUR)
    return bed


def test_a_replay_of_every_outcome_says_the_same() -> None:
    """Applied, no-op, refused, annotation, dead letter, forwarded, control: each entry's bytes are equal."""
    bed = day()
    outcomes = {entry.outcome for entry in bed.entries}
    assert {Outcome.APPLIED, Outcome.NO_OP, Outcome.REFUSED, Outcome.DEAD_LETTER} < outcomes
    assert {Outcome.FORWARDED, Outcome.CONTROL} < outcomes
    replayed = bed.replay()
    assert replayed.found == []
    assert [taken.written for taken in replayed.sent] == bed.journal
    counts = replayed.judge.counts
    assert (counts.replayed, counts.same, counts.folded) == (len(bed.journal), len(bed.journal), 0)


@pytest.mark.parametrize("cached", [1, 100])
def test_a_range_begins_with_the_fold_of_what_came_before(cached: int) -> None:
    """Wherever a range begins and ends, all is as it was then, however few cases fit in memory."""
    bed = day()
    for at, entry in list(enumerate(bed.entries))[::9]:
        since = Bound(where=(entry.cause.topic, entry.cause.partition, entry.cause.offset))
        replayed = bed.replay(Question(since=since), cached=cached)
        assert replayed.found == [], f"from entry {at} on"
        assert replayed.judge.counts.replayed == len(bed.journal) - at
        until = bed.replay(Question(until=since), cached=cached)
        assert (until.found, until.judge.counts.replayed) == ([], at)


def test_instants_bound_a_range() -> None:
    """`since` is inside, `until` is not."""
    bed = day()
    replayed = bed.replay(Question(since=Bound(at=MONDAY + MINUTE), until=Bound(at=MONDAY + HOUR)))
    inside = [entry for entry in bed.entries if MONDAY + MINUTE <= entry.now < MONDAY + HOUR]
    assert [taken.entry for taken in replayed.sent] == inside
    assert inside


def test_one_product_alone_is_what_it_was_among_others() -> None:
    """What controls the partition is taken along; other products are not looked at."""
    bed = day()
    replayed = bed.replay(Question(product=Q))
    wanted = [entry for entry in bed.entries if entry.product_id == Q or entry.outcome is Outcome.CONTROL]
    assert [taken.entry for taken in replayed.sent] == wanted
    assert replayed.found == []


def test_a_rule_that_was_changed_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counter-proof: today's code decides one thing otherwise, and that is what is told, first of all."""
    bed = day()

    def otherwise(*args: object) -> object:
        done = step(*args)  # type: ignore[arg-type]
        facts = tuple(
            replace(fact, priority=9) if isinstance(fact, ReportOpened) and fact.product_id == Q else fact
            for fact in done.facts
        )
        return replace(done, entry=_with(done.entry, facts)) if facts != done.facts else done

    monkeypatch.setattr(stepping, "step", otherwise)
    replayed = bed.replay()
    first = replayed.entries[0]
    assert (first.product_id, first.path, first.recorded, first.replayed, first.first) == (
        Q, "facts[0].priority", "5", "9", True,
    )  # fmt: skip
    assert {item.product_id for item in replayed.entries} == {Q}


def _with(entry: Entry, facts: tuple[object, ...]) -> Entry:
    return Entry(
        entry.product_id, entry.cause, entry.now, entry.outcome, entry.rule, entry.policy,
        entry.fingerprint, facts,  # type: ignore[arg-type] # as they were, but for one field
    )  # fmt: skip


def test_a_decision_that_is_not_made_any_more_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that refuses what was applied: the report's decisions are missing, one by one."""
    bed = Bed()
    bed.take(degradation(P, 1, observed_at=MONDAY), MONDAY)
    opened = bed.bench.partition.store.get(P).open
    assert opened is not None
    bed.run_until(MONDAY + HOUR)

    def deaf(*_: object) -> object:
        raise KeyError("a fault in the rules")

    monkeypatch.setattr(stepping, "step", deaf)
    replayed = bed.replay()
    (line,) = replayed.lines
    assert line.about.report_id == opened.report_id
    assert {str(pair.verdict) for pair in line.pairs} == {"missing"}
    assert ("opened", "", "missing") in replayed.differences
    assert replayed.entries[0].path == "outcome"


def test_an_input_that_is_gone_makes_its_product_unprovable() -> None:
    """From there on nothing is said of the product, whatever comes of it; the others are judged as before."""
    bed = day()
    topic = NAMES.of(DEGRADATION)
    replayed = bed.replay(gone=frozenset({(topic, 0)}))
    (lost,) = replayed.unprovable
    assert (lost.product_id, lost.where) == (P, f"{topic}/{bed.bench.partition.number}/0")
    assert "retention" in lost.why
    assert not (replayed.entries)
    assert not (replayed.lines)
    assert P not in {taken.entry.product_id for taken in replayed.sent}
    assert Q in {taken.entry.product_id for taken in replayed.sent}


def test_a_journal_without_its_beginning_accuses_nobody() -> None:
    """What was opened before the journal's retention is unprovable; what was opened within it is judged."""
    bed = day()
    opened_q = next(at for at, entry in enumerate(bed.entries) if entry.product_id == Q)
    bed.journal = bed.journal[3:]
    replayed = bed.replay(shortened=True)
    assert [lost.product_id for lost in replayed.unprovable] == [P]
    assert not (replayed.entries)
    assert not (replayed.lines)
    assert opened_q > 3
    assert Q in {taken.entry.product_id for taken in replayed.sent}


def test_an_input_that_the_journal_names_twice_is_told() -> None:
    """The journal names each input once; where it does not, nobody knows what the product is."""
    bed = day()
    at = next(at for at, entry in enumerate(bed.entries) if entry.product_id == Q)
    bed.journal.insert(at + 1, bed.journal[at])
    (lost,) = bed.replay().unprovable
    assert (lost.product_id, "twice" in lost.why) == (Q, True)


def test_an_input_that_the_journal_does_not_know_is_counted() -> None:
    """An input that was passed over was lost: the replay says so."""
    bed = day()
    lost = next(at for at, entry in enumerate(bed.entries) if entry.outcome is Outcome.FORWARDED)
    del bed.journal[lost]
    counts = bed.replay().judge.counts
    assert (counts.skipped, counts.differs) == (1, True)


def test_a_policy_that_is_nowhere_stops_the_replay() -> None:
    """Which policy decided cannot be guessed."""
    bed = day()

    def unknown(policy_hash: str) -> object:
        raise UnknownPolicyError(policy_hash)

    with pytest.raises(FatalError, match="unknown-policy"):
        bed.replay(policies=unknown)


# -- another policy


def test_the_same_policy_under_a_virtual_timer_differs_in_nothing() -> None:
    """A timer that was late by less than the tolerance is no difference; every alarm fires, at its time."""
    for lateness in (0, 3_000):
        bed = Bed(lateness=lateness)
        bed.take(degradation(P, 1, observed_at=MONDAY), MONDAY)
        bed.take(degradation(Q, 1, observed_at=MONDAY, severity=Severity.MINOR), MONDAY + MINUTE)
        bed.run_until(MONDAY + HOUR)
        bed.take(degradation(Q, 2, observed_at=bed.now, kind=DegradationKind.ABATE), bed.now)
        bed.run_until(MONDAY + 3 * HOUR)
        question, policies = under(POLICY_A)
        replayed = bed.replay(replace(question, tolerance=60_000), policies=policies)
        assert replayed.differences == set()
        assert replayed.judge.counts.told > 30
        assert replayed.judge.counts.fired > 30


def test_another_threshold_is_told_as_what_it_changes() -> None:
    """Earlier thresholds call earlier; the rest is the same, other tiers are not touched."""
    bed = Bed()
    bed.take(degradation(P, 1, observed_at=MONDAY), MONDAY)
    bed.take(degradation(Q, 1, observed_at=MONDAY, tier="bronze"), MONDAY)
    bed.run_until(MONDAY + 3 * HOUR)
    question, policies = under(SOONER)
    replayed = bed.replay(question, policies=policies)
    (line,) = replayed.lines
    assert line.about.product_id == P
    assert replayed.differences == {
        ("jeopardy", "respond 50 %", "missing"),
        ("jeopardy", "respond 25 %", "new"),
        ("jeopardy", "restore 50 %", "missing"),
        ("jeopardy", "restore 25 %", "new"),
        ("escalated", "level 2", "earlier"),
    }


def test_a_report_that_another_record_opens_is_laid_beside_the_same_trouble() -> None:
    """A policy that waits opens by a deadline, so with another id: the report is the same, opened later."""
    patient = replace(POLICY_A, default_indicator=replace(POLICY_A.default_indicator, open_after=7 * MINUTE))
    bed = Bed()
    bed.take(degradation(P, 1, observed_at=MONDAY), MONDAY)
    bed.run_until(MONDAY + 8 * MINUTE)
    question, policies = under(patient)
    (line,) = bed.replay(question, policies=policies).lines
    assert line.about.replayed_id not in ("", line.about.report_id)
    opened = next(pair for pair in line.pairs if pair.either.kind == "opened")
    assert opened.recorded is not None
    assert opened.replayed is not None
    instants = opened.recorded.at, opened.replayed.at
    assert (opened.verdict, *instants) == ("later", MONDAY, MONDAY + 7 * MINUTE)


def test_a_deadline_waits_for_older_records_of_other_inputs() -> None:
    """Good news from before an alarm was due goes first, though the journal has it behind younger records."""
    bed = Bed()
    bed.take(degradation(P, 1, observed_at=MONDAY), MONDAY)
    young, due = MONDAY + 3 * MINUTE, MONDAY + MINUTE
    patient = replace(POLICY_A, default_indicator=replace(POLICY_A.default_indicator, clear_after=0))
    # A backlog: a command of minute three was taken before a sample that was written in minute one.
    bed.now = young
    bed.take(command(Q, Verb.CLOSE, issued_at=young))
    bed.now = due - 1
    bed.take(degradation(P, 2, observed_at=due - 1, kind=DegradationKind.ABATE))
    bed.now = young
    hasty = replace(
        patient,
        tiers={
            **patient.tiers,
            "gold": replace(GOLD, thresholds=(ThresholdRule(10, 2), *GOLD.thresholds[1:])),
        },
    )
    question, policies = under(hasty)
    replayed = bed.replay(question, policies=policies)
    assert ("jeopardy", "respond 10 %", "new") not in replayed.differences


def test_findings_can_be_narrowed() -> None:
    """Customer, tier and report choose what is told, not what is replayed."""
    bed = Bed()
    for product, customer in ((P, "c1"), (Q, "c2")):
        bed.take(degradation(product, 1, observed_at=MONDAY, customer_id=customer), MONDAY)
    bed.run_until(MONDAY + HOUR)
    question, policies = under(SOONER)
    report = bed.bench.partition.store.get(P).open
    assert report is not None
    for narrowed in (replace(question, customer="c1"), replace(question, report=report.report_id)):
        replayed = bed.replay(narrowed, policies=policies)
        assert [line.about.product_id for line in replayed.lines] == [P]
        assert replayed.judge.counts.reports == 1
    assert len(bed.replay(replace(question, tier="gold"), policies=policies).lines) == 2
    assert bed.replay(replace(question, tier="bronze"), policies=policies).lines == []
