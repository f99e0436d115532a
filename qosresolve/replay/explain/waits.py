"""The other instants that something waits for, each as a sum of an instant and a wait of the policy. Pure.

Clocks and due times of requests are told elsewhere; what cannot be worked out from the policy alone is told
without being confirmed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from qosresolve.core import facts as f
from qosresolve.core.policy import Policy
from qosresolve.core.report import MAINTENANCE, Report
from qosresolve.core.tracking import terms_of
from qosresolve.core.vocabulary import ObligationState
from qosresolve.replay.explain.history import History, Moment, named, obligation_of
from qosresolve.replay.explain.model import Wait
from qosresolve.replay.explain.words import instant, lasting


@dataclass(frozen=True, slots=True)
class Sum:
    """One wait: `start` plus one of the `lengths` has to be `at`; no lengths, nothing to confirm."""

    what: str
    subject: str
    at: int
    start: int
    lengths: tuple[int, ...]
    why: str


def waits(history: History, report: Report, policy: Policy) -> tuple[Wait, ...]:
    """Return every wait of a report in the order in which it began."""
    made: list[Wait] = []
    zone = policy.calendar_of(report).zone
    for moment in history.about(report.report_id):
        build = _TABLE.get(type(moment.fact))
        made += [_wait(item, moment, zone) for item in (build(moment, policy) if build else ())]
    newest = {(item.what, item.subject): number for number, item in enumerate(made)}
    kept = set(newest.values())
    return tuple(replace(item, newest=number in kept) for number, item in enumerate(made))


def _wait(item: Sum, moment: Moment, zone: str) -> Wait:
    right = not item.lengths or item.at - item.start in item.lengths
    length = item.at - item.start
    text = f"{instant(item.start, zone)} + {lasting(length)} {item.why}"
    wants = " or ".join(lasting(one) for one in item.lengths)
    problem = f"{item.what} {item.subject}: {text}, but the policy says {wants}"
    return Wait(
        item.what, item.subject, item.at, text, moment.origin, problems=() if right else (problem,)
    )  # fmt: skip


def _named(moment: Moment) -> str:
    return named(obligation_of(moment), moment.after.report(getattr(moment.fact, "report_id", "")))


def _asked(moment: Moment, policy: Policy) -> Iterator[Sum]:
    fact, item = moment.fact, obligation_of(moment)
    assert isinstance(fact, f.ObligationRequested)  # noqa: S101 - the table's key says so
    within = terms_of(item, policy)[0].accept_within
    yield Sum("accepted by", _named(moment), fact.accept_by, fact.at, (within,), "to accept it")


def _chased(moment: Moment, policy: Policy) -> Iterator[Sum]:
    fact, item = moment.fact, obligation_of(moment)
    assert isinstance(fact, f.ObligationChased)  # noqa: S101 - the table's key says so
    every = terms_of(item, policy)[0].remind_every
    yield Sum(
        "looked at again", _named(moment), fact.next_at, moment.entry.now, (every,), "between reminders"
    )


def _answered(moment: Moment, policy: Policy) -> Iterator[Sum]:
    fact, item = moment.fact, obligation_of(moment)
    assert isinstance(fact, f.ObligationAnswered)  # noqa: S101 - the table's key says so
    if fact.chase_at is None:
        return
    now = moment.entry.now
    if fact.state is ObligationState.CHECKING:
        subject = _named(moment)
        yield Sum("measured good by", subject, fact.chase_at, now, _checks(moment, policy), "to be measured")
        return
    every = terms_of(item, policy)[0].remind_every
    promised = fact.expected_at or item.expected_at or item.due_at or now
    why = "until it is due or was promised, at least the time between reminders"
    yield Sum("looked at again", _named(moment), fact.chase_at, now, (max(promised - now, every),), why)


def _checks(moment: Moment, policy: Policy) -> tuple[int, ...]:
    """Return how long a check may last: the policy's time, what is left of it, or of a debounce."""
    fact, now = moment.fact, moment.entry.now
    assert isinstance(fact, f.ObligationAnswered)  # noqa: S101 - chosen by that
    report = moment.before.report(fact.report_id)
    item = report.obligation(fact.obligation_id) if report else None
    ends = [item.chase_at] if item and item.state is ObligationState.CHECKING else []
    ends += [row.clear_at for row in report.indicators] if report else []
    return (policy.times.check_within, *(end - now for end in ends if end is not None))


def _refused(moment: Moment, policy: Policy) -> Iterator[Sum]:
    fact, item = moment.fact, obligation_of(moment)
    assert isinstance(fact, f.ResolutionRefused)  # noqa: S101 - the table's key says so
    every = terms_of(item, policy)[0].remind_every
    yield Sum("looked at again", _named(moment), fact.chase_at, fact.at, (every,), "between reminders")


def _withdrawn(moment: Moment, policy: Policy) -> Iterator[Sum]:
    fact = moment.fact
    assert isinstance(fact, f.WithdrawalRequested)  # noqa: S101 - the table's key says so
    within = policy.times.withdraw_within
    yield Sum("withdrawal confirmed by", _named(moment), fact.confirm_by, fact.at, (within,), "to confirm it")


def _raised(moment: Moment, policy: Policy) -> Iterator[Sum]:
    fact = moment.fact
    assert isinstance(fact, f.EscalationRaised)  # noqa: S101 - the table's key says so
    if fact.next_at is not None:
        delays = tuple(step.delay for step in policy.chain if step.target == fact.target)
        why = f"while nobody acknowledges level {fact.level}"
        yield Sum("next call", "chain", fact.next_at, fact.at, delays, why)


def _acknowledged(moment: Moment, policy: Policy) -> Iterator[Sum]:
    fact = moment.fact
    assert isinstance(fact, f.EscalationAcknowledged)  # noqa: S101 - the table's key says so
    lasts = policy.times.acknowledge_for
    yield Sum("next call", "chain", fact.until, moment.entry.now, (lasts,), f"acknowledged by {fact.actor}")


def _held(moment: Moment, policy: Policy) -> Iterator[Sum]:
    fact = moment.fact
    assert isinstance(fact, f.HoldStarted)  # noqa: S101 - the table's key says so
    hold = fact.hold
    if hold.until is None:
        return
    rule = policy.holds.get(hold.reason)
    most = (rule.at_most,) if rule and rule.at_most is not None else ()
    window = hold.hold_id == MAINTENANCE
    why = "to the end of the window" if window else f"is as long as {hold.reason} may last"
    yield Sum("hold ends", hold.hold_id, hold.until, hold.since, () if window else most, why)


def _restored(moment: Moment, policy: Policy) -> Iterator[Sum]:
    fact = moment.fact
    assert isinstance(fact, f.Restored | f.ClearDelayed)  # noqa: S101 - the table's key says so
    lasts = policy.times.clear_wait
    why = f"for {', '.join(fact.waiting_for)}" if isinstance(fact, f.ClearDelayed) else "for running work"
    yield Sum("cleared by", "report", fact.clear_by, moment.entry.now, (lasts,), why)


def _resolved(moment: Moment, policy: Policy) -> Iterator[Sum]:
    fact = moment.fact
    assert isinstance(fact, f.ResolutionRecorded)  # noqa: S101 - the table's key says so
    lasts, now = policy.times.close_reminder, moment.entry.now
    yield Sum("Close is reminded", "report", fact.close_reminder_at, now, (lasts,), "for Close's word")


def _ended(moment: Moment, policy: Policy) -> Iterator[Sum]:
    fact = moment.fact
    assert isinstance(fact, f.ReportEnded)  # noqa: S101 - the table's key says so
    lasts, now = policy.times.forget_after, moment.entry.now
    yield Sum("forgotten", "report", fact.forget_at, now, (lasts,), "kept after its end")


def _measured(moment: Moment, policy: Policy) -> Iterator[Sum]:
    fact = moment.fact
    assert isinstance(fact, f.IndicatorMeasured)  # noqa: S101 - the table's key says so
    row = fact.indicator
    if row.clear_at is not None and row.good_since is not None:
        lasts = policy.indicator(row.name).clear_after
        subject = f"{row.name} on {row.object_id}"
        yield Sum(
            "believed good", subject, row.clear_at, row.good_since, (lasts,), "that it has to stay good"
        )


_TABLE: dict[type[Any], Callable[[Moment, Policy], Iterator[Sum]]] = {
    f.ObligationRequested: _asked,
    f.ObligationChased: _chased,
    f.ObligationAnswered: _answered,
    f.ResolutionRefused: _refused,
    f.WithdrawalRequested: _withdrawn,
    f.EscalationRaised: _raised,
    f.EscalationAcknowledged: _acknowledged,
    f.HoldStarted: _held,
    f.Restored: _restored,
    f.ClearDelayed: _restored,
    f.ResolutionRecorded: _resolved,
    f.ReportEnded: _ended,
    f.IndicatorMeasured: _measured,
}
