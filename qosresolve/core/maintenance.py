"""Maintenance of an open report: what windows do to its clocks and rows.

Nobody tells each report that a window begins: whoever looks at a report next takes in all that windows did
since the last look, from their true instants. Nothing falls due before that: it is as if each had been told.
"""

from qosresolve.core import holds
from qosresolve.core.clocks import Hold
from qosresolve.core.facts import Facts, HoldStarted, IndicatorMeasured
from qosresolve.core.policy import HoldRule, Policy
from qosresolve.core.record import changed
from qosresolve.core.report import MAINTENANCE, Report
from qosresolve.core.spans import Span
from qosresolve.core.vocabulary import IndicatorState
from qosresolve.core.windows import Window, covering, end_of

_NO_CLOCK = HoldRule(())


def caught_up(report: Report, policy: Policy, windows: tuple[Window, ...], now: int) -> Facts:
    """Return the next thing that windows did to a report by an instant; ask again until there is none."""
    if not report.open or report.restored_at is not None:
        return ()
    spans = covering(window for window in windows if _covers(window, report))
    active = report.hold(MAINTENANCE)
    if active is None:
        return _next(report, policy, spans, now)
    ends = end_of(spans, active.since if active.until is not None and active.until <= now else now)
    if ends is None or ends <= now:
        return _over(report, policy, min(active.until or now, now))
    return () if ends == active.until else (_hold(report, policy, active.since, ends),)


def _covers(window: Window, report: Report) -> bool:
    """A clock stands still only where everything that keeps it running is in maintenance."""
    scope = (report.product_id, report.site, report.tier)
    return all(window.covers(*scope, row.object_id) for row in report.degraded)


def _next(report: Report, policy: Policy, spans: tuple[Span, ...], now: int) -> Facts:
    taken = max((hold.ended_at or 0 for hold in report.holds if hold.hold_id == MAINTENANCE), default=0)
    taken = max(taken, report.started_at)
    for start, end in spans:
        since = max(start, taken)
        if since <= now and since < end:
            return (_hold(report, policy, since, end), *_rows(report, IndicatorState.SUPPRESSED))
    return ()


def _hold(report: Report, policy: Policy, since: int, until: int) -> HoldStarted:
    clocks = policy.holds.get(MAINTENANCE, _NO_CLOCK).clocks
    return HoldStarted(report.report_id, Hold(MAINTENANCE, MAINTENANCE, clocks, since, until))


def _over(report: Report, policy: Policy, at: int) -> Facts:
    over = holds.ended(report, policy, MAINTENANCE, at, "window is over")
    return (*over, *_rows(report, IndicatorState.DEGRADED))


def _rows(report: Report, state: IndicatorState) -> Facts:
    """Return the rows that a window silences, or those that it silenced and that are bad still."""
    was = IndicatorState.DEGRADED if state is IndicatorState.SUPPRESSED else IndicatorState.SUPPRESSED
    return tuple(
        IndicatorMeasured(report.report_id, changed(row, state=state))
        for row in report.indicators
        if row.state is was
    )
