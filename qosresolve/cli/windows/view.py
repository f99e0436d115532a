"""How maintenance windows are shown: when they hold next, over what, and which partitions know them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from qosresolve.cli.output import console, dump, line, table
from qosresolve.cli.times import left, now_ms, shown
from qosresolve.contracts.windows import BadWindowError, expand, zone_of
from qosresolve.core.partition import MaintenanceWindow
from qosresolve.core.report import Report
from qosresolve.core.spans import Span
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.reports import partition_states, places
from qosresolve.settings import Settings
from qosresolve.topics import PARTITION

NEXT = 8  # occurrences that are shown beforehand
_SCOPE = ("product_id", "site", "tier", "service_id")


@dataclass(frozen=True, slots=True)
class Known:
    """One window, and the partitions that know it so; its instants are those of the last of them."""

    window: MaintenanceWindow
    partitions: tuple[int, ...]


# -- one that would be set


def preview(window: MaintenanceWindow, reports: Sequence[Report], *, as_json: bool) -> None:
    """Show the next occurrences of a window, and the open reports in its scope."""
    spans, covered = expand(window).spans, [report for report in reports if _covers(window, report)]
    if as_json:
        dump(
            {
                "window": _told(window),
                "occurrences": [_occurrence(span, window.zone) for span in spans[:NEXT]],
                "count": len(spans),
                "last_ends_at": spans[-1][1],
                "open_reports": len(reports),
                "in_scope": [report.report_id for report in covered],
                "dry_run": True,
            }
        )
        return
    columns = (f"begins ({window.zone})", "ends", "begins (UTC)", "ends (UTC)", "lasts")
    rows = [
        (_local(a, window.zone), _local(b, window.zone), shown(a), shown(b), left(b - a))
        for a, b in spans[:NEXT]
    ]
    console().print(table(f"{window.window_id} would hold for {_scope(window)}", columns, rows))
    if len(spans) > NEXT:
        line(f"and {len(spans) - NEXT} more, the last until {_local(spans[-1][1], window.zone)}")
    line(f"open reports in its scope: {len(covered)} of {len(reports)}")
    line("nothing was ordered")


def _covers(window: MaintenanceWindow, report: Report) -> bool:
    found = expand(window)
    rows = report.degraded or report.indicators
    return any(found.covers(report.product_id, report.site, report.tier, row.object_id) for row in rows)


# -- those that are known


def in_force(windows: Iterable[MaintenanceWindow]) -> tuple[MaintenanceWindow, ...]:
    """Return the windows that were neither lifted nor replaced."""
    return tuple(window for window in windows if window.lifted_at is None)


def show(settings: Settings, *, every: bool, as_json: bool) -> None:
    """Show the windows in force that a partition knows, or `every` one that is kept."""
    states = partition_states(settings, contracts_for(settings))
    pick = tuple if every else in_force
    found = known({number: pick(state.windows) for number, state in states.items()})
    unstarted = [number for _, number in places(settings, PARTITION) if number not in states]
    now = now_ms()
    if as_json:
        dump(
            {
                "windows": [_listed(item, now) for item in found],
                "partitions": sorted(states),
                "without_state": unstarted,
            }
        )
        return
    columns = ("window", "for", "next", "lasts", "zone", "recurrence", "reason", "entered", "partitions")
    console().print(table("", columns, [_row(item, len(states), now) for item in found]))
    for text in notes(found, sorted(states)):
        line(text)
    if unstarted:
        line(f"no worker has ever worked on partitions {_numbers(unstarted)}")


def known(windows: dict[int, tuple[MaintenanceWindow, ...]]) -> list[Known]:
    """Return the windows by id; one that partitions know differently is there more than once."""
    where: dict[tuple[MaintenanceWindow, int], list[tuple[int, MaintenanceWindow]]] = defaultdict(list)
    for number, items in windows.items():
        times: Counter[MaintenanceWindow] = Counter()  # one that was lifted may be entered anew as it was
        for item in items:
            same = replace(item, entered_at=0, lifted_at=None if item.lifted_at is None else 0)
            where[same, times[same]].append((number, item))
            times[same] += 1
    found = [Known(_newest(item for _, item in told), tuple(at for at, _ in told)) for told in where.values()]
    return sorted(found, key=lambda item: (item.window.window_id, item.partitions, item.window.entered_at))


def _newest(same: Iterable[MaintenanceWindow]) -> MaintenanceWindow:
    return max(same, key=lambda item: item.entered_at)


def notes(found: Iterable[Known], partitions: Sequence[int]) -> list[str]:
    """Return what to say of windows that not all partitions know alike."""
    said: dict[str, list[Known]] = defaultdict(list)
    for item in found:
        if item.window.lifted_at is None:
            said[item.window.window_id].append(item)
    told = []
    for window_id, items in said.items():
        missing = set(partitions) - {number for item in items for number in item.partitions}
        remedy = "wait for the workers, or set it again, or lift it"
        if missing:
            told.append(f"{window_id} is not known in partitions {_numbers(sorted(missing))}: {remedy}")
        if len(items) > 1:
            told.append(f"{window_id} is not the same in all partitions: {remedy}")
    return told


def upcoming(window: MaintenanceWindow, now: int) -> Span | None:
    """Return the occurrence that holds or comes next, None where none does. Raises BadWindowError."""
    if window.lifted_at is not None:
        return None
    return next((span for span in expand(window).spans if span[1] > now), None)


def _row(item: Known, partitions: int, now: int) -> tuple[str, ...]:
    window = item.window
    where = "all" if len(item.partitions) == partitions else _numbers(item.partitions)
    try:
        span = upcoming(window, now)
        begins = ("now, since " * (span[0] <= now)) + _local(span[0], window.zone) if span else _ended(window)
        lasts = left(span[1] - span[0]) if span else "-"
    except BadWindowError as error:
        begins, lasts = f"left out: {error.problem}", "-"
    return (
        window.window_id,
        _scope(window),
        begins,
        lasts,
        window.zone,
        window.recurrence or "once",
        window.reason or "-",
        shown(window.entered_at),
        where,
    )


def _ended(window: MaintenanceWindow) -> str:
    return "over" if window.lifted_at is None else f"lifted {shown(window.lifted_at)}"


def _listed(item: Known, now: int) -> dict[str, object]:
    try:
        span, why = upcoming(item.window, now), ""
    except BadWindowError as error:
        span, why = None, str(error)
    return _told(item.window) | {
        "next": _occurrence(span, item.window.zone) if span else None,
        "left_out": why,
        "partitions": list(item.partitions),
    }


# -- words


def _told(window: MaintenanceWindow) -> dict[str, object]:
    return asdict(window)


def _occurrence(span: Span, zone: str) -> dict[str, object]:
    return {"starts_at": span[0], "ends_at": span[1], "local": [_local(at, zone) for at in span]}


def _scope(window: MaintenanceWindow) -> str:
    said = [(name.removesuffix("_id"), getattr(window, name)) for name in _SCOPE]
    return ", ".join(f"{name} {value}" for name, value in said if value) or "everything"


def _local(at: int, zone: str) -> str:
    """Return an instant as the zone's clocks show it, with weekday and offset."""
    return f"{datetime.fromtimestamp(at / 1_000, zone_of(zone)):%a %Y-%m-%d %H:%M:%S%z}"


def _numbers(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
