"""When a clock stood still, worked out anew from holds and restorations, and by whose word. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from qosresolve.contracts.windows import BadWindowError, expand
from qosresolve.core.facts import (
    ClockStopped,
    HoldEnded,
    HoldStarted,
    ReportReopened,
    StatusChanged,
    TargetSet,
)
from qosresolve.core.holds import STATUS
from qosresolve.core.report import MAINTENANCE, Report
from qosresolve.core.spans import Span, united
from qosresolve.core.targets import clock_of
from qosresolve.core.vocabulary import ClockName
from qosresolve.replay.explain.history import History, Moment
from qosresolve.replay.explain.model import Standstill

STOPPED = "stopped"  # of a target: its clock ends inside a hold
_BY_ITSELF = ("as long as the policy lets it", "window is over")


def standstills(
    moments: Sequence[Moment], name: ClockName, history: History | None = None
) -> tuple[Standstill, ...]:
    """Return the spans in which a clock stood still as these moments tell, by their start."""
    held: dict[str, Standstill] = {}
    over: list[Standstill] = []
    for moment in moments:
        fact, report = moment.fact, _report(moment)
        if isinstance(fact, HoldStarted):
            hold = fact.hold
            if report is not None and name in hold.clocks and clock_of(report, name).stopped_at is None:
                held[hold.hold_id] = _begun(moment, fact, held.get(hold.hold_id), history)
        elif isinstance(fact, HoldEnded):
            if fact.hold_id in held:
                over.append(_ended(moment, fact, held.pop(fact.hold_id)))
        elif isinstance(fact, TargetSet) and fact.clock is name and fact.reason == STOPPED:
            ends = ends_with(moment, name)
            over = [_cut(item, ends) for item in over if item.since < ends]
        elif isinstance(fact, ReportReopened) and name is ClockName.RESTORE and fact.relapse and report:
            over += _restored(moment, fact, report)
    return tuple(sorted((*over, *held.values()), key=lambda item: item.since))


def _cut(item: Standstill, at: int) -> Standstill:
    """Return a standstill as far as it lies before the end of its clock."""
    return item if item.until is not None and item.until <= at else replace(item, until=at)


def ends_with(moment: Moment, name: ClockName) -> int:
    """Return when a clock ends by the same input, or else the input's time."""
    stops = (fact for fact in moment.entry.facts if isinstance(fact, ClockStopped) and fact.clock is name)
    return next((fact.at for fact in stops), moment.entry.now)


def spans(stood: Sequence[Standstill], now: int) -> tuple[Span, ...]:
    """Return the united spans, one that goes on as if it ended now."""
    return united((item.since, now if item.until is None else item.until) for item in stood)


def _report(moment: Moment) -> Report | None:
    return moment.before.report(getattr(moment.fact, "report_id", ""))


def _begun(
    moment: Moment, fact: HoldStarted, known: Standstill | None, history: History | None
) -> Standstill:
    hold = fact.hold
    notes = []
    if hold.since < moment.entry.now and hold.hold_id != MAINTENANCE:
        notes.append("entered backdated")
    windows = ", ".join(_windows(fact, moment, history)) if history and hold.hold_id == MAINTENANCE else ""
    if windows:
        notes.append(f"window {windows}")
    since = hold.since if known is None else min(known.since, hold.since)
    return Standstill(
        since, None, hold.reason, _actor(moment) or "by rule", "", by_itself=False, origin=moment.origin,
        note="; ".join(notes),
    )  # fmt: skip


def _ended(moment: Moment, fact: HoldEnded, what: Standstill) -> Standstill:
    by_itself = fact.reason in _BY_ITSELF
    ended_by = fact.reason if by_itself else (_actor(moment) or fact.reason)
    return replace(what, until=fact.at, ended_by=ended_by, by_itself=by_itself)


def _restored(moment: Moment, fact: ReportReopened, report: Report) -> Iterator[Standstill]:
    restored = report.restored_at
    if restored is not None and report.restore.target is not None:
        until = restored + fact.deducted
        yield Standstill(
            restored, until, "restored", "", "relapse", by_itself=True, origin=moment.origin
        )  # fmt: skip


def _actor(moment: Moment) -> str:
    """Return who changed the status in the same input: a hold of a status is that person's."""
    hold_id = getattr(moment.fact, "hold_id", "") or getattr(
        getattr(moment.fact, "hold", None), "hold_id", ""
    )
    if hold_id != STATUS:
        return ""
    actors = (fact.actor for fact in moment.entry.facts if isinstance(fact, StatusChanged))
    return next((actor for actor in actors if actor), "")


def _windows(fact: HoldStarted, moment: Moment, history: History) -> Iterator[str]:
    """Return the windows that hold this report at the beginning of a maintenance hold."""
    report, at = _report(moment), fact.hold.since
    for entered in history.windows():
        try:
            window = expand(entered)
        except BadWindowError:
            continue
        scope = (report.product_id, report.site, report.tier) if report else ("", "", "")
        rows = report.degraded if report else ()
        inside = any(start <= at < end for start, end in window.effective())
        if inside and all(window.covers(*scope, row.object_id) for row in rows):
            yield f"{window.window_id}{f' ({window.reason})' if window.reason else ''}"
