"""How letters and what was decided about them are shown."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from qosresolve.cli.output import console, line, table
from qosresolve.cli.times import shown
from qosresolve.replay.dead.book import OPEN, Book
from qosresolve.replay.dead.groups import Group
from qosresolve.replay.dead.letters import DISCARDED, REDRIVEN, Letter

_PART = 90  # characters of an error in a table


def told(letter: Letter, book: Book) -> dict[str, Any]:
    """Return a letter as JSON, without its bytes."""
    resolution = book.resolutions.get(letter.id)
    return {
        "id": str(letter.id),
        "standing": book.standing(letter),
        "topic": letter.spot.topic,
        "partition": letter.spot.partition,
        "offset": letter.spot.offset,
        "first": str(book.origin(letter.spot)),
        "product": letter.product,
        "buried_at": letter.at,
        "stage": letter.stage,
        "error": letter.error,
        "size": letter.size,
        "left_out": letter.left_out,
        "attempts": letter.attempt,
        "resolution": None
        if resolution is None
        else {
            "what": resolution.what,
            "at": resolution.at,
            "by": resolution.by,
            "reason": resolution.reason,
            "to": None if resolution.to is None else str(resolution.to),
        },
    }


def told_group(group: Group) -> dict[str, Any]:
    """Return a group as JSON."""
    return {
        "stage": group.stage,
        "topic": group.topic,
        "error": group.kind,
        "open": group.open,
        "redriven": group.counts.get(REDRIVEN, 0),
        "discarded": group.counts.get(DISCARDED, 0),
        "oldest": group.first,
        "newest": group.last,
        "example": str(group.example),
    }


def groups(found: Sequence[Group]) -> None:
    """Show letters by reason, and what to do next."""
    if not found:
        line("no dead letters")
        return
    columns = ("open", "redriven", "discarded", "stage", "topic", "error", "oldest", "newest", "example")
    rows = [
        (
            str(group.open),
            str(group.counts.get(REDRIVEN, 0)),
            str(group.counts.get(DISCARDED, 0)),
            group.stage,
            group.topic or "-",
            group.kind,
            shown(group.first),
            shown(group.last),
            str(group.example),
        )
        for group in found
    ]
    console().print(table("", columns, rows))
    number = sum(group.open for group in found)
    if number:
        line(f"{number} open; look at one: qosresolve dead-letters show {found[0].example}")
        line("what would become of them: qosresolve dead-letters redrive --all --dry-run")
    else:
        line("none is open")


def each(rows: Sequence[dict[str, Any]]) -> None:
    """Show letters one by one."""
    if not rows:
        line("no dead letters")
        return
    columns = ("id", "standing", "buried", "stage", "lay at", "key", "attempts", "error")
    cells = [
        (
            row["id"],
            row["standing"],
            shown(row["buried_at"]),
            row["stage"],
            f"{row['topic']}/{row['partition']}/{row['offset']}",
            row["product"][:40],
            str(row["attempts"]),
            row["error"][:_PART],
        )
        for row in rows
    ]
    console().print(table("", columns, cells))


def headers(letter: Letter) -> list[list[str | None]]:
    """Return a letter's own headers as text."""
    return [
        [name, None if held is None else held.decode(errors="backslashreplace")]
        for name, held in letter.headers
    ]


def whole(rows: Sequence[dict[str, Any]]) -> None:
    """Show letters with everything that is known of them."""
    if not rows:
        line("no dead letters; look with `qosresolve dead-letters list`")
    for row in rows:
        line(f"dead letter {row['id']}, {row['standing']}")
        for name, text in _lines(row):
            line(f"  {name:<10} {text}")


def _lines(row: dict[str, Any]) -> Iterable[tuple[str, str]]:
    yield "lay at", f"{row['topic']}/{row['partition']}/{row['offset']}"
    if row["attempts"]:
        yield "first at", f"{row['first']}, redriven {row['attempts']} times"
    yield "key", row["product"]
    yield "buried", shown(row["buried_at"])
    yield "why", f"{row['stage']}: {row['error']}"
    if row["left_out"]:
        yield "left out", row["left_out"]
    for name, held in row["headers"]:
        yield "header", f"{name}: {held}"
    yield from _value(row)
    for name in ("text", "hex", "today", "remedy"):
        if row.get(name):
            yield name, row[name]
    if row["resolution"]:
        done = row["resolution"]
        to = f" to {done['to']}" if done["to"] else ""
        yield done["what"], f"{shown(done['at'])} by {done['by']}{to}: {done['reason'] or 'no reason given'}"
    if row["standing"] == OPEN:
        yield "next", f"qosresolve dead-letters redrive {row['id']} --dry-run"


def _value(row: dict[str, Any]) -> Iterable[tuple[str, str]]:
    yield "value", f"{row['size']} bytes"
    for name, held in row.get("value", {}).items():
        if held not in ("", b"", None):
            yield "", f"{name}: {_plain(held)}"


def _plain(held: object) -> str:
    return held if isinstance(held, str) else msgspec.json.encode(held).decode()
