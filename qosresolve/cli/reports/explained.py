"""An explanation as tables for people, or as JSON."""

from collections.abc import Iterable, Sequence

import msgspec
from rich.console import Console

from qosresolve.cli.output import console, dump, line, table
from qosresolve.replay.explain.model import (
    ClockStory,
    Explanation,
    Kind,
    Message,
    Origin,
    Silence,
    Standstill,
    Stretch,
    WorkStory,
)
from qosresolve.replay.explain.walk import bar
from qosresolve.replay.explain.words import instant, lasting, local, span, utc, utc_span

SHOWN = 30  # rows of one table; the middle of a longer one is left to --json
SAME = 5  # inputs of one rule
_LEGEND = "# open   . closed   = stands still"


def show(found: Explanation, about: frozenset[str], *, as_json: bool) -> None:
    """Show an explanation, or the parts of it that are asked for."""
    if as_json:
        dump(_chosen(found, about))
        return
    screen = console()
    _head(found)
    _deadlines(screen, found, about)
    if "escalation" in about:
        _messages(screen, "escalations", _calls(found), found.zone)
    if "work" in about:
        _messages(screen, "requests", _requests(found), found.zone)
    if "silence" in about:
        _silences(screen, found)
    for problem in found.problems:
        line(f"DOES NOT ADD UP: {problem}")
    if found.report_id:
        count = sum(len(clock.versions) for clock in found.clocks) + len(found.works) + len(found.waits)
        line("" if found.problems else f"adds up: {count} instants worked out anew are as the journal says")


def _chosen(found: Explanation, about: frozenset[str]) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(found)
    parts = {
        "clocks": "deadline" in about,
        "works": bool(about & {"deadline", "work"}),
        "waits": "deadline" in about,
        "silences": "silence" in about,
        "inputs": "silence" in about,
    }
    kept = {name: value for name, value in plain.items() if parts.get(name, True)}
    told = [*(_calls(found) if "escalation" in about else ()), *(_requests(found) if "work" in about else ())]
    messages = [item for item in found.messages if item in told]
    return {
        "adds_up": found.adds_up,
        "problems": list(found.problems),
        **kept,
        "messages": msgspec.to_builtins(messages),
    }


def _calls(found: Explanation) -> list[Message]:
    return [item for item in found.messages if item.about == "escalation"]


def _requests(found: Explanation) -> list[Message]:
    return [item for item in found.messages if item.about != "escalation"]


def _head(found: Explanation) -> None:
    what = f"report {found.report_id} of product {found.product_id}" if found.report_id else found.product_id
    line(f"{what}: {found.status}, as of {instant(found.at, found.zone)}")
    line(f"policy {found.policy_name or '-'} {found.policy}")
    if not found.report_id and found.reports:
        line(f"its reports, oldest first: {', '.join(found.reports)}")


def _place(origin: Origin | None) -> str:
    """Return where an input lies, and its id; of a deadline only the alarm's number: the report is known."""
    if origin is None:
        return "-"
    kind, _, number = origin.event_id.rpartition("|")
    event = f"alarm {number}" if kind.startswith("deadline|") else origin.event_id
    return f"{origin.topic}-{origin.partition}@{origin.offset} {event}"


def _few(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Leave out the middle of a long table: JSON has it all."""
    if len(rows) <= SHOWN:
        return list(rows)
    gap = (f"... {len(rows) - SHOWN} more: see --json", *("" for _ in rows[0][1:]))
    return [*rows[: SHOWN // 2], gap, *rows[-SHOWN // 2 :]]


# -- deadlines


def _deadlines(screen: Console, found: Explanation, about: frozenset[str]) -> None:
    for clock in found.clocks if "deadline" in about else ():
        _clock(screen, clock)
    if about & {"deadline", "work"}:
        _works(screen, found)
    if "deadline" in about:
        _waits(screen, found)


def _clock(screen: Console, clock: ClockStory) -> None:
    due = "no deadline" if clock.due_at is None else f"due {instant(clock.due_at, clock.zone)}"
    line("")
    line(f"{clock.clock} clock, {clock.outcome}: {due}  [{clock.calendar}, {clock.zone}]")
    line(f"  {clock.text}")
    if clock.stretches:
        if len({piece.kind for piece in clock.stretches}) > 1:
            line(f"  {bar(clock.stretches)}| due   {_LEGEND}")
        walk = _walk(clock.stretches, clock.zone, clock.target)
        screen.print(table("", (f"local, {clock.zone}", "UTC", "", "counts", "used", ""), walk))
    rows = (
        (
            utc(item.origin.at), item.reason, item.why, lasting(item.target or 0),
            "-" if item.due_at is None else local(item.due_at, clock.zone),
            "WRONG" if item.problems else "yes", _place(item.origin),
        )
        for item in clock.versions
    )  # fmt: skip
    if clock.versions:
        screen.print(table("  targets", ("set", "for", "because", "target", "due", "adds up", "by"), rows))
    if clock.standstills:
        stood = (_standstill(item, clock.zone) for item in clock.standstills)
        screen.print(table("  stood still", ("from - to", "for", "by", "ended", "entered"), stood))
    if clock.marks:
        marks = (
            (
                "breach" if mark.percent == 100 else f"{mark.percent} %", str(mark.level),
                local(mark.due_at, clock.zone), "-" if mark.told_at is None else utc(mark.told_at),
            )
            for mark in clock.marks
        )  # fmt: skip
        screen.print(table("  thresholds", ("share", "level", "falls due", "told"), marks))


def _standstill(item: Standstill, zone: str) -> tuple[str, ...]:
    until = f"{local(item.since, zone)} - ?" if item.until is None else span(item.since, item.until, zone)
    ended = "not yet" if item.until is None else f"{'by itself: ' if item.by_itself else ''}{item.ended_by}"
    reason = f"{item.reason} ({item.note})" if item.note else item.reason
    return until, reason, item.by or "-", ended, f"{utc(item.origin.at)} {_place(item.origin)}"


def _walk(stretches: Sequence[Stretch], zone: str, target: int | None) -> list[tuple[str, ...]]:
    return _few([_stretch(piece, zone, target) for piece in stretches])


def _stretch(piece: Stretch, zone: str, target: int | None) -> tuple[str, ...]:
    counts = "-" if piece.kind is Kind.CLOSED else lasting(piece.counted)
    used = f"{lasting(piece.used)} of {lasting(target or 0)}"
    note = piece.note
    if piece.kind is Kind.HELD:
        counts, note = "0 min", f"{note}; {lasting(piece.left_out)} of open time left out"
    times = (span(piece.since, piece.until, zone), utc_span(piece.since, piece.until))
    return (*times, str(piece.kind), counts, used if piece.counted else "", note)


def _works(screen: Console, found: Explanation) -> None:
    rows = [_work(item, found.zone) for item in found.works]
    if rows:
        columns = ("request", "of", "state", "asked", "due", "because", "adds up", "by")
        screen.print(table("requests: why each is due", columns, _few(rows)))


def _work(item: WorkStory, zone: str) -> tuple[str, ...]:
    return (
        f"{item.node} #{item.attempt}", item.party or item.contact, item.state, utc(item.asked_at),
        local(item.due_at, zone), item.text, "WRONG" if item.problems else "yes", _place(item.origin),
    )  # fmt: skip


def _waits(screen: Console, found: Explanation) -> None:
    rows = [
        (item.what, item.subject, local(item.at, found.zone), item.text, "WRONG" if item.problems else "yes")
        for item in found.waits
        if item.newest or item.problems
    ]
    if rows:
        screen.print(
            table(
                "other instants, the newest of each", ("what", "of", "at", "because", "adds up"), _few(rows)
            )
        )


# -- what went out, and what did not


def _messages(screen: Console, title: str, told: Sequence[Message], zone: str) -> None:
    rows = [
        (
            local(item.at, zone), item.about if item.about != "escalation" else item.process,
            " ".join(filter(None, (item.what, item.to))),
            "; ".join((item.reason, *item.details)), _decided(item.origin),
        )
        for item in told
    ]  # fmt: skip
    columns = ("at", "of", "what, to whom", "because", "by")
    if rows:
        screen.print(table(title, columns, _few(rows)))


def _decided(origin: Origin) -> str:
    rule = f", rule {origin.rule}" if origin.rule else ""
    return f"{_place(origin)}{rule}, policy {origin.policy[:8]}"


def _silences(screen: Console, found: Explanation) -> None:
    rows = [
        (item.about, item.text, local(item.since, found.zone), _place(item.origin)) for item in found.silences
    ]
    if rows:
        screen.print(table("what did not happen, and why", ("", "because", "since", "by"), _few(rows)))
    inputs = [
        (local(item.since, found.zone), item.text, _place(item.origin)) for item in _few_of_each(found.inputs)
    ]
    if inputs:
        screen.print(table("inputs that changed nothing, or not all", ("at", "because", "by"), inputs))


def _few_of_each(inputs: Iterable[Silence]) -> Iterable[Silence]:
    """Yield inputs by time, of each rule the first few and how many more there were."""
    counted: dict[str, int] = {}
    for item in inputs:
        counted[item.text] = counted.get(item.text, 0) + 1
        if counted[item.text] <= SAME:
            yield item
        elif counted[item.text] == SAME + 1:
            more = sum(other.text == item.text for other in inputs) - SAME
            yield Silence(item.about, f"{more} more: {item.text}", item.since)
