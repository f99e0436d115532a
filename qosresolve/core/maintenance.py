"""Maintenance of an open report: what windows do to its clocks and rows.

Nobody tells each report that a window begins: whoever looks at a report next takes in all that windows did
since the last look, from their true instants. Nothing falls due before that: it is as if each had been told.
"""

from qosresolve.core import holds
from qosresolve.core.clocks import Hold
from qosresolve.core.facts import Facts, HoldStarted, IndicatorMeasured
from qosresolve.core.indicators import silent_at
from qosresolve.core.policy import HoldRule, Policy
from qosresolve.core.record import changed
from qosresolve.core.report import MAINTENANCE, Indicator, Report
from qosresolve.core.spans import Span
from qosresolve.core.vocabulary import IndicatorState
from qosresolve.core.windows import Window, covering, end_of

_NO_CLOCK = HoldRule(())


def caught_up(report: Report, policy: Policy, windows: tuple[Window, ...], now: int) -> Facts:
    """Return the next thing that windows did to a report by an instant; ask again until there is none."""
    if not report.open or report.restored_at is not None:
        return ()
    wide = [window for window in windows if _covers(window, report, policy)]
    spans = covering(wide)
    active = report.hold(MAINTENANCE)
    if active is None:
        return _next(report, policy, spans, _taken(report, wide, policy), now)
    end = end_of(spans, active.since) or 0
    if end > (active.until or end):
        return (_hold(report, policy, active.since, end),)  # prolonged, even if that is over by now
    if 0 < end <= now and any(window.lifted_at == end for window in wide):
        return _over(report, policy, end)  # lifted, whatever has begun since
    ends = end_of(spans, active.since if active.until is not None and active.until <= now else now)
    if ends is None or ends <= now:
        return _over(report, policy, min(active.until or now, now))
    return () if ends == active.until else (_hold(report, policy, active.since, ends),)


def _covers(window: Window, report: Report, policy: Policy) -> bool:
    """A clock stands still only where everything that keeps it running is in maintenance."""
    return all(_on(window, report, row, policy) for row in report.degraded)


def _on(window: Window, report: Report, row: Indicator, policy: Policy) -> bool:
    return window.covers(report.product_id, report.site, policy.tier_name(report.tier), row.object_id)


def _taken(report: Report, wide: list[Window], policy: Policy) -> int:
    """Return until when nothing is to be taken in: it is, or something outside of the windows was bad."""
    instants = [hold.ended_at or 0 for hold in report.holds if hold.hold_id == MAINTENANCE]
    instants += [
        row.good_since or 0
        for row in report.indicators
        if not any(_on(it, report, row, policy) for it in wide)
    ]
    return max(instants, default=0)


def _next(report: Report, policy: Policy, spans: tuple[Span, ...], taken: int, now: int) -> Facts:
    for start, end in spans:
        counted = policy.window_counts and report.started_at >= start  # the contract counts what it began in
        since = max(start, taken, report.opened_at if counted else report.started_at)
        if since <= now and since < end:
            return (_hold(report, policy, since, end), *_suppressed(report))
    return ()


def _hold(report: Report, policy: Policy, since: int, until: int) -> HoldStarted:
    clocks = policy.holds.get(MAINTENANCE, _NO_CLOCK).clocks
    return HoldStarted(report.report_id, Hold(MAINTENANCE, MAINTENANCE, clocks, since, until))


def _over(report: Report, policy: Policy, at: int) -> Facts:
    over = holds.ended(report, policy, MAINTENANCE, at, "window is over")
    return (*over, *_heard_again(report, policy, at))


def _suppressed(report: Report) -> Facts:
    """Return the rows that a window silences."""
    return tuple(
        IndicatorMeasured(report.report_id, changed(row, state=IndicatorState.SUPPRESSED))
        for row in report.indicators
        if row.state is IndicatorState.DEGRADED
    )


def _heard_again(report: Report, policy: Policy, at: int) -> Facts:
    """Return the rows that a window silenced and that are bad still; from its end on silence counts."""
    bad = IndicatorState.DEGRADED
    return tuple(
        IndicatorMeasured(
            report.report_id, changed(row, state=bad, silent_at=silent_at(policy.indicator(row.name), at))
        )
        for row in report.indicators
        if row.state is IndicatorState.SUPPRESSED
    )
