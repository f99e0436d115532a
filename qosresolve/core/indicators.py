"""One row of the indicator table: what a sample makes of it, and what time does.

Pure arithmetic of rows; which report a row belongs to, and whether a sample opens one, is `degradation`'s
business. Ordering is by (event time, source sequence).
"""

from qosresolve.core.facts import Facts, IndicatorMeasured
from qosresolve.core.inputs import Degradation
from qosresolve.core.policy import IndicatorRule, Policy, Times
from qosresolve.core.record import changed, copier
from qosresolve.core.report import Indicator, Report
from qosresolve.core.targets import relaxed
from qosresolve.core.vocabulary import RANK, IndicatorState, Severity

_sampled = copier(Indicator, "sampled_at", "sequence", "value")
_DEGRADED = IndicatorState.DEGRADED  # looking a member up costs ten times a name; asked for every sample


def sample_time(event: Degradation, now: int) -> int:
    """Return the instant a sample counts for: never later than the record's own time."""
    return min(now, event.observed_at)


def outdated(row: Indicator, event: Degradation, now: int) -> bool:
    """Tell whether a sample is older than the newest one of its row."""
    return (sample_time(event, now), event.sequence) < (row.sampled_at, row.sequence)


def start_of(event: Degradation, times: Times, now: int) -> int:
    """Return when a degradation counts from: a sample older than the maximum backdate, from now."""
    at = sample_time(event, now)
    return at if now - at <= times.max_backdate else now


def measured(
    report_id: str, row: Indicator, event: Degradation, policy: Policy, now: int
) -> IndicatorMeasured:
    """Return the fact of a row's new state; the source's own time is kept where we moved it."""
    moved = event.observed_at - now > policy.times.future_tolerance
    return IndicatorMeasured(report_id, row, event.observed_at if moved else None)


def new_row(event: Degradation, policy: Policy, now: int, *, since: int, start: int) -> Indicator:
    """Return the row of an indicator that turns bad: bad `since`, its clock counting from `start`."""
    rule = policy.indicator(event.indicator)
    return Indicator(
        event.indicator,
        event.object_id,
        event.object_kind,
        event.source,
        IndicatorState.DEGRADED,
        event.severity,
        started_at=start,
        rated_at=start,
        sampled_at=sample_time(event, now),
        sequence=event.sequence,
        value=event.value,
        unit=event.unit,
        owner_party=event.owner_party,
        observed_from=since if since != start else None,
        silent_at=silent_at(rule, now),
    )


def worse(row: Indicator, event: Degradation, policy: Policy, now: int) -> Indicator:
    """Take a bad sample of a row that is not good: it voids a debounce; a milder one is not yet believed."""
    at = sample_time(event, now)
    if row.state is _DEGRADED and event.severity is row.severity and row.falls_at is None:
        return _sampled(row, at, event.sequence, event.value)
    rule = policy.indicator(row.name)
    silent = row.silent_at if row.silent_at is not None else silent_at(rule, now)
    suppressed, before = row.state is IndicatorState.SUPPRESSED, row.rated
    row = changed(
        row,
        state=row.state if suppressed else IndicatorState.DEGRADED,
        sampled_at=at,
        sequence=event.sequence,
        good_since=None,
        clear_at=None,
        value=event.value,
        silent_at=silent,
    )
    if RANK[event.severity] < RANK[row.severity]:
        return _falling(row, event, policy, at)
    row = changed(
        row, severity=event.severity, promised=_kept(row, event.severity), falling_to=None, falls_at=None
    )
    if RANK[event.severity] > RANK[before]:
        return changed(row, rated_at=start_of(event, policy.times, now))
    return row


def _kept(row: Indicator, severity: Severity) -> Severity | None:
    """Return the worse severity whose target goes on though the row has another one now, if there is one."""
    return row.rated if RANK[row.rated] > RANK[severity] else None


def _fallen(row: Indicator, severity: Severity, policy: Policy, began: int) -> Indicator:
    """Return the row at a milder severity; where no fall moves a deadline its old target goes on."""
    row = changed(row, severity=severity, promised=_kept(row, severity), falling_to=None, falls_at=None)
    return changed(row, promised=None, rated_at=began) if policy.falls_retarget else row


def _falling(row: Indicator, event: Degradation, policy: Policy, at: int) -> Indicator:
    """Begin or go on with a fall in severity: the worst sample since it began is what it falls to."""
    rule = policy.indicator(row.name)
    if rule.clear_after == 0:
        return _fallen(row, event.severity, policy, at)
    if row.falling_to is None or row.falls_at is None:
        return changed(row, falling_to=event.severity, falls_at=at + rule.clear_after)
    return changed(row, falling_to=max(row.falling_to, event.severity, key=RANK.__getitem__))


def better(row: Indicator, event: Degradation, policy: Policy, now: int) -> Indicator:
    """Take a good sample: it is believed once the debounce has run."""
    at = sample_time(event, now)
    since = row.good_since if row.good_since is not None else at
    clear_at = since + policy.indicator(row.name).clear_after
    good = clear_at <= now
    return changed(
        row,
        state=IndicatorState.GOOD if good else IndicatorState.DEBOUNCING,
        good_since=since,
        clear_at=None if good else clear_at,
        sampled_at=at,
        sequence=event.sequence,
        value=event.value,
        falling_to=None,
        falls_at=None,
        silent_at=None,
    )


def good_by_word(row: Indicator, at: int) -> Indicator:
    """Return the row as somebody's word makes it: good since an instant."""
    return changed(
        row,
        state=IndicatorState.GOOD,
        good_since=at,
        clear_at=None,
        falling_to=None,
        falls_at=None,
        silent_at=None,
    )


def doubted(row: Indicator) -> Indicator:
    """Return the row when what was measured good no longer counts: stale until a sample or a word."""
    return changed(row, state=IndicatorState.STALE, good_since=None, clear_at=None)


def due(report: Report, policy: Policy, now: int) -> Facts:
    """Return what time does to the rows: debounces that ended well, falls believed, and silence."""
    table = tuple(_aged(row, policy, now) for row in report.indicators)
    changes = [after for row, after in zip(report.indicators, table, strict=True) if after is not row]
    facts = tuple(IndicatorMeasured(report.report_id, after) for after in changes)
    return (*facts, *eased(report, table, policy, now)) if facts else ()


def eased(report: Report, table: tuple[Indicator, ...], policy: Policy, now: int) -> Facts:
    """Return the later deadlines that a better table gives a report.

    An indicator that is good takes its deadline with it, but not from a promise that goes on after a relapse;
    a severity that fell does where the policy says so.
    """
    then = changed(report, indicators=table)
    was = {row.key: row for row in report.indicators}
    if policy.falls_retarget and any(RANK[row.severity] < RANK[was[row.key].severity] for row in table):
        return relaxed(then, policy, now, "severity fell")
    good = any(
        row.state is IndicatorState.GOOD and was[row.key].state is not IndicatorState.GOOD for row in table
    )
    if not good or report.reopened or not then.degraded:
        return ()
    return relaxed(then, policy, now, "an indicator is good", cautious=True)


def _aged(row: Indicator, policy: Policy, now: int) -> Indicator:
    rule = policy.indicator(row.name)
    if row.clear_at is not None and row.clear_at <= now:
        return changed(row, state=IndicatorState.GOOD, clear_at=None)
    if row.falls_at is not None and row.falls_at <= now and row.falling_to is not None:
        began = row.falls_at - rule.clear_after
        row = _fallen(row, row.falling_to, policy, began)
    if row.silent_at is not None and row.silent_at <= now:
        row = _silent(row, rule, now)
    return row


def _silent(row: Indicator, rule: IndicatorRule, now: int) -> Indicator:
    """Look whether samples came since the alarm was set; without, the row is stale, and never good."""
    heard = now if row.state is IndicatorState.SUPPRESSED else row.sampled_at  # silence is expected then
    again = heard + rule.silence_after if rule.silence_after is not None else None
    if again is not None and again > now:
        return changed(row, silent_at=again)
    return changed(row, state=IndicatorState.STALE if again is not None else row.state, silent_at=None)


def silent_at(rule: IndicatorRule, now: int) -> int | None:
    """Return when somebody looks whether samples still come, None where nobody does."""
    return None if rule.silence_after is None else now + rule.silence_after
