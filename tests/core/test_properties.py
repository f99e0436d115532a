"""What holds for every report, whatever arrives in whatever order: random histories of one product."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qosresolve.core import facts as f
from qosresolve.core.case import Case
from qosresolve.core.fold import fold
from qosresolve.core.inputs import Answer, Deadline
from qosresolve.core.policy import Target
from qosresolve.core.processes.change_status import EDGES
from qosresolve.core.requests import Action, EscalationNotice, Request
from qosresolve.core.step import step
from qosresolve.core.vocabulary import (
    AnswerState,
    ClockOutcome,
    NodeKind,
    ObligationState,
    Outcome,
    RootCauseKind,
    Verb,
)
from tests.core.builders import (
    BRONZE,
    GOLD,
    MINUTE,
    POLICY,
    PRODUCT,
    Product,
    at,
    command,
    finding,
    sample,
)

if TYPE_CHECKING:
    from qosresolve.core.report import Report

START = at("9:00")
ENDS = [Verb.CANCEL, Verb.CLEAR, Verb.CLOSE, Verb.RESTORE, Verb.REFUSE_RESOLUTION]
VERBS = sorted(set(Verb) - {Verb.OPEN, Verb.ANSWER}) + 3 * ENDS
UNPROMISED = {severity: Target(None, None) for severity in GOLD.targets}
NO_TARGETS = replace(GOLD, targets=UNPROMISED)
POLICIES = (
    POLICY,
    replace(POLICY, default_tier="bronze", tiers={"gold": BRONZE, "bronze": BRONZE}),
    replace(POLICY, tiers={"gold": NO_TARGETS}),
    replace(POLICY, retarget_from_start=True),
)

_minutes = st.integers(min_value=0, max_value=40)
_severities = st.sampled_from(["good", "good", "good", "minor", "major", "critical"])
_samples = st.tuples(
    st.just("sample"),
    _minutes,
    _severities,
    st.sampled_from(["latency", "jitter"]),
    st.sampled_from(["svc-1", "svc-2"]),
    st.sampled_from([0, 0, 0, 0, 1, 7, 300, -3]),
)
_findings = st.tuples(
    st.just("finding"),
    _minutes,
    st.sampled_from(RootCauseKind),
    st.sampled_from(["", "svc-1", "cpe-7"]),
    st.sampled_from(["noc", "probe"]),
    st.integers(min_value=0, max_value=4),
    st.booleans(),
)
_answers = st.tuples(
    st.just("answer"),
    _minutes,
    st.integers(min_value=0, max_value=9),
    st.sampled_from(AnswerState),
    st.sampled_from([None, 10, 400]),
)
_commands = st.tuples(
    st.just("command"),
    _minutes,
    st.sampled_from(VERBS),
    st.sampled_from(["", "pending", "inProgress", "held", "5", "true"]),
    st.sampled_from(["falseAlarm", "falseAlarm", ""]),
    st.sampled_from(["", "priority", "status"]),
    st.integers(min_value=0, max_value=9),
)
_timers = st.tuples(st.just("timer"), _minutes, st.booleans())
_histories = st.lists(
    st.one_of(_samples, _samples, _answers, _answers, _findings, _commands, _commands, _timers),
    min_size=8,
    max_size=40,
)
_many = settings(suppress_health_check=[HealthCheck.too_slow])


def _pick(product: Product, number: int) -> str:
    known = [item.obligation_id for report in product.case.reports for item in report.obligations]
    return known[-1 - number % len(known)] if known else "nobody"


def _play(product: Product, now: int, word: tuple[object, ...]) -> None:
    """Turn one word of a random history into an input."""
    number = len(product.entries)
    match word:
        case ("sample", _, str(severity), str(indicator), str(object_id), int(age)):
            event = sample(now - age * MINUTE, severity, indicator=indicator, object_id=object_id)
            product.feed(event, now)
        case ("finding", _, RootCauseKind() as kind, str(entity), str(source), int(sequence), bool(person)):
            found = replace(finding(kind, entity, sequence=sequence, source=source), by_person=person)
            product.feed(replace(command("finding", command_id=str(number)), finding=found), now)
        case ("answer", _, int(which), AnswerState() as state, expected):
            promise = None if expected is None else now + int(str(expected)) * MINUTE
            told = Answer(PRODUCT, str(number), _pick(product, which), state, now, expected_at=promise)
            product.feed(told, now)
        case ("command", _, Verb() as verb, str(value), str(reason), str(field), int(which)):
            role = "close" if verb is Verb.CLOSE else "operator"
            order = command(verb, command_id=str(number), reason=reason, role=role)
            chosen = _pick(product, which)
            product.feed(replace(order, value=value, field=field, obligation_id=chosen), now)
        case ("timer", _, bool(punctual)):
            alarm = product.next_alarm()
            if punctual:
                product.run_until(now)
            elif alarm is not None:
                product.feed(alarm, now)


def _history(words: list[tuple[object, ...]], policy: int = 0) -> Product:
    product = Product(POLICIES[policy])
    now = START
    product.sample(now)
    for word in words:
        now += int(str(word[1])) * MINUTE
        _play(product, now, word)
        _check(product)
    product.run_until(now)
    _check(product)
    return product


def _check(product: Product) -> None:
    """Hold what must be true between any two inputs."""
    assert sum(report.open for report in product.case.reports) <= 1, "two reports are open"
    for report in product.case.reports:
        _check_report(report)


def _check_report(report: Report) -> None:
    if report.open:
        assert report.due is not None, "an open report with nothing armed would be forgotten"
    if not report.open or report.restored_at is not None:
        assert report.escalation.level == 0, "somebody is called for a report that needs nobody"
    for item in report.obligations:
        assert item.alarm_at is not None or not item.running, "silence would never be noticed"
        assert item.alarm_at is not None or item.state is not ObligationState.WITHDRAWING
    held = Counter((item.node, item.target) for item in report.obligations if not item.ended)
    assert max(held.values(), default=0) <= 1, "asked twice for the same"
    if report.status in ("closed", "cancelled"):
        left = [item for item in report.obligations if item.state is ObligationState.PLANNED]
        assert all(item.kind is NodeKind.IMPROVEMENT for item in left), "only improvement outlives a report"


@_many
@given(_histories, st.integers(0, len(POLICIES) - 1))
def test_the_fold_of_the_journal_is_the_case(words: list[tuple[object, ...]], policy: int) -> None:
    """The journal alone rebuilds the case, with revision, times, alarm number and re-send shield."""
    product = _history(words, policy)
    assert reduce(fold, product.entries, Case(PRODUCT)) == product.case


@_many
@given(_histories)
def test_a_replay_gives_the_same_facts_and_ids(words: list[tuple[object, ...]]) -> None:
    """The same inputs at the same times give the same entries and the same requests, ids included."""
    first = _history(words)
    case, entries = Case(PRODUCT), list[f.Entry]()
    requests = list[Request]()
    for received, now in first.inputs:
        done = step(case, received, first.policies, now)
        case = done.case
        entries.append(done.entry)
        requests.extend(done.requests)
    assert (case, entries, requests) == (first.case, first.entries, first.requests)


@_many
@given(_histories)
def test_a_repeated_input_changes_nothing(words: list[tuple[object, ...]]) -> None:
    """An input that is sent again at once, at a new offset, leaves the case as it was and asks nobody."""
    product, case = _history(words), Case(PRODUCT)
    for received, now in product.inputs:
        case = step(case, received, product.policies, now).case
        if not isinstance(received.body, Deadline):
            again = replace(received, cause=replace(received.cause, offset=10_000))
            done = step(case, again, product.policies, now)
            assert (done.case, done.requests) == (case, ())
            assert done.entry.outcome is not Outcome.APPLIED


@_many
@given(_histories, st.integers(0, len(POLICIES) - 1))
def test_status_goes_along_legal_edges(words: list[tuple[object, ...]], policy: int) -> None:
    """Every change of status starts where the last one ended, and is an edge of the table."""
    product = _history(words, policy)
    status: dict[str, str] = {}
    for fact in product.facts():
        if isinstance(fact, f.ReportOpened):
            status[fact.report_id] = "acknowledged"
        if isinstance(fact, f.StatusChanged):
            assert status[fact.report_id] == fact.previous
            assert fact.status in EDGES[fact.previous]
            status[fact.report_id] = fact.status


@_many
@given(_histories, st.integers(0, len(POLICIES) - 1))
def test_nothing_is_told_twice(words: list[tuple[object, ...]], policy: int) -> None:
    """A threshold is told once unless a new target put it back; a breach is told once in a clock's life."""
    product = _history(words, policy)
    told: set[tuple[object, ...]] = set()
    for fact in product.facts():
        match fact:
            case f.TargetSet():
                pending = {item.percent for item in fact.thresholds if not item.reached}
                told -= {(fact.report_id, fact.clock, percent) for percent in pending}
            case f.ThresholdReached():
                passed = {(fact.report_id, fact.clock, percent) for percent in (fact.percent, *fact.skipped)}
                assert not told & passed
                told |= passed
            case f.TargetBreached():
                assert (fact.report_id, fact.clock, "breach") not in told
                told.add((fact.report_id, fact.clock, "breach"))
            case _:
                pass


@_many
@given(_histories)
def test_requests_are_about_what_the_report_holds(words: list[tuple[object, ...]]) -> None:
    """Every message has an id of its own, and what is asked for the first time is laid out in the journal."""
    product = _history(words)
    ids = [request.context.message_id for request in product.requests]
    assert len(ids) == len(set(ids))
    laid_out = {
        fact.obligation.obligation_id for fact in product.facts() if isinstance(fact, f.ObligationPlanned)
    }
    asked = [
        request.request_id
        for request in product.requests
        if not isinstance(request, EscalationNotice) and request.action is Action.REQUEST
    ]
    assert set(asked) <= laid_out
    assert len(asked) == len(set(asked))


@_many
@given(_histories, st.integers(0, len(POLICIES) - 1))
def test_what_is_due_gets_settled(words: list[tuple[object, ...]], policy: int) -> None:
    """After a late look at everything, nothing that is due is left behind: the timer comes to rest."""
    product = _history(words, policy)
    now = max(product.case.last_now(), START) + 100 * MINUTE
    for _ in range(3):
        alarm = product.next_alarm()
        if alarm is None or alarm.due > now:
            return
        product.feed(alarm, now)
        following = product.next_alarm()
        assert following is None or following.due > now


@_many
@given(_histories)
def test_a_stopped_clock_says_how_it_ended(words: list[tuple[object, ...]]) -> None:
    """While a report is open and bad its restore clock runs; restored, it does not."""
    for report in _history(words).case.reports:
        if report.restored_at is not None:
            assert report.restore.outcome is not ClockOutcome.RUNNING
        elif report.open:
            assert report.restore.outcome in (ClockOutcome.RUNNING, ClockOutcome.UNTARGETED)
