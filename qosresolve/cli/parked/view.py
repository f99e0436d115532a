"""What waits, as tables or JSON."""

from collections.abc import Sequence

import msgspec

from qosresolve.cli.output import console, dump, line, table
from qosresolve.cli.parked.control import Done, Lying
from qosresolve.cli.times import shown

MOST_SHOWN = 4_000  # characters of an original


def groups(lying: Sequence[Lying], *, as_json: bool) -> None:
    """Show how many wait, by reason and object."""
    found: dict[tuple[str, str], list[Lying]] = {}
    for item in lying:
        found.setdefault((item.parked.reason, _object(item)), []).append(item)
    ordered = sorted(found.items(), key=lambda pair: -len(pair[1]))
    if as_json:
        dump([_group(*key, items) for key, items in ordered])
        return
    if not ordered:
        line("Nothing waits.")
        return
    rows = [
        (reason, name, str(len(items)), shown(min(item.parked.parked_at for item in items)))
        for (reason, name), items in ordered
    ]
    console().print(table("", ("reason", "object", "waiting", "since"), rows))


def _group(reason: str, name: str, items: Sequence[Lying]) -> dict[str, object]:
    since = min(item.parked.parked_at for item in items)
    return {"reason": reason, "object": name, "waiting": len(items), "since": since}


def _object(item: Lying) -> str:
    return item.parked.objects[0] if item.parked.objects else "-"


def each(lying: Sequence[Lying], *, as_json: bool) -> None:
    """Show each of them on a line."""
    if as_json:
        dump([_short(item) for item in lying])
        return
    rows = [
        (
            item.parked.record_key,
            item.parked.reason,
            _object(item),
            item.parked.format,
            shown(item.parked.parked_at),
        )
        for item in lying
    ]
    console().print(table("", ("id", "reason", "object", "format", "since"), rows))


def _short(item: Lying) -> dict[str, object]:
    parked = item.parked
    return {
        "id": parked.record_key,
        "reason": parked.reason,
        "objects": list(parked.objects),
        "format": parked.format,
        "parkedAt": parked.parked_at,
        "recordedAt": parked.recorded_at,
        "after": parked.after,
        "size": parked.size,
        "kept": parked.original is not None,
    }


def one(item: Lying, *, as_json: bool) -> None:
    """Show one with what was read from it and its original."""
    read = msgspec.json.decode(item.parked.observation)
    original = (item.parked.original or b"").decode(errors="backslashreplace")
    if as_json:
        dump(
            _short(item) | {"read": read, "original": original if item.parked.original is not None else None}
        )
        return
    for name, value in _short(item).items():
        line(f"{name}: {shown(int(str(value))) if name.endswith('At') else value}")
    line(f"read: {msgspec.json.format(item.parked.observation.decode(), indent=2)}")
    if item.parked.original is None:
        line("original: too large to be kept; it lies where the id says, as long as its topic keeps it")
    else:
        line(f"original: {original[:MOST_SHOWN]}")


def retried(done: Done, *, dry_run: bool, as_json: bool) -> None:
    """Tell what was, or would be, sent back."""
    if as_json:
        dump({
            "dryRun": dry_run,
            "sent": [item.parked.record_key for item in done.sent],
            "withoutOriginal": [item.parked.record_key for item in done.without],
        })  # fmt: skip
        return
    for item in done.sent:
        line(f"{'would be read' if dry_run else 'is read'} again: {item.parked.record_key}")
    for item in done.without:
        line(f"its original was not kept: {item.parked.record_key}; send it anew from where it lies")
    line(f"{len(done.sent)} {'would be sent' if dry_run else 'sent'}, {len(done.without)} without original")
