"""How the inventory is shown: relations, differences, whole exports."""

import sys
from collections.abc import Iterator
from dataclasses import asdict, fields
from itertools import islice
from typing import Any

from qosresolve.cli.inventory.comparing import Difference, readable
from qosresolve.cli.output import console, dump, line, table
from qosresolve.errors import ConfigError, FatalError
from qosresolve.intake.inventory import Relation
from qosresolve.intake.loading import items, tables
from qosresolve.intake.loading.files import Loaded
from qosresolve.kafka.inventory import places
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.reports import latest
from qosresolve.settings import Settings

UNKNOWN = 1
SHOWN = 20  # differences that people see
WRITE = {"csv": tables.write, "jsonl": items.write}
_COLUMNS = tuple(field.name for field in fields(Relation))
_IDS = ("object_id", "product_id")


def show(settings: Settings, object_id: str, product_id: str, *, as_json: bool) -> int:
    """Show what is known of an object, or of a product; return the exit status."""
    if bool(object_id) == bool(product_id):
        raise ConfigError(
            "name either an object or a product",
            setting="OBJECT",
            remedy="e.g. `show olt-1`, `show --product P1`",
        )
    if object_id:
        found = [each for each in stored(settings, begins=f"{object_id}/") if each.object_id == object_id]
    else:
        found = [each for each in stored(settings, ends=f"/{product_id}") if each.product_id == product_id]
    if as_json:
        dump([asdict(each) for each in found])
    elif found:
        rows = [[str(getattr(each, name)) or "-" for name in _COLUMNS] for each in found]
        console().print(table("", [name.removesuffix("_id") for name in _COLUMNS], rows))
    else:
        line(f"nothing is known of {'object' if object_id else 'product'} {object_id or product_id}")
    return 0 if found else UNKNOWN


def export(settings: Settings, form: str) -> None:
    """Write every relation to standard output."""
    for text in WRITE[form](stored(settings)):
        sys.stdout.write(text)


def stored(settings: Settings, *, begins: str = "", ends: str = "") -> Iterator[Relation]:
    """Yield the relations on the topic, by key. Raises FatalError where one cannot be read."""
    contracts = contracts_for(settings)
    rows = latest(settings, places(settings))
    for key in sorted(rows):
        if not key.startswith(begins) or not key.endswith(ends):
            continue
        relation = readable(key, rows[key], contracts)
        if relation is None:
            raise FatalError(
                f"the record of key {key!r} cannot be read, or belongs under another\n"
                "  remedy: load all with `qosresolve inventory load FILE... --replace`"
            )
        yield relation


def difference(found: Difference, wanted: Loaded, *, said: str, as_json: bool) -> None:
    """Show what differs; `said` is `would be` where nothing was written."""
    counts = {
        "added": len(found.added),
        "changed": len(found.changed),
        "removed": len(found.removed),
        "same": found.same,
        "left": found.left,
    }
    if as_json:
        told = counts | {"written": bool(len(found)) and not said, "notes": list(wanted.notes)}
        dump(told | ({"differences": [*_differences(found, wanted)]} if said else {}))
        return
    for note in wanted.notes[:SHOWN]:
        line(note)
    if len(wanted.notes) > SHOWN:
        line(f"... and {len(wanted.notes) - SHOWN} more; --json tells all")
    if said and len(found):
        shown = [_row(one) for one in islice(_differences(found, wanted), SHOWN)]
        console().print(table("", ("", "object", "product", "fields"), shown))
        if len(found) > SHOWN:
            line(f"... and {len(found) - SHOWN} more; --json tells all")
    line(_sentence(counts, said))


def _differences(found: Difference, wanted: Loaded) -> Iterator[dict[str, Any]]:
    """Yield what would be done to each record, with old and new values of the fields that differ."""
    for what, keys in (("added", found.added), ("changed", found.changed), ("removed", found.removed)):
        for key in keys:
            before = found.before.get(key)
            after = None if what == "removed" else wanted.relations[key]
            named = after or before
            yield {
                "what": what,
                "key": key,
                "object_id": named.object_id if named else "",
                "product_id": named.product_id if named else "",
                "readable": what == "added" or before is not None,
                "fields": _fields(before, after),
            }


def _fields(before: Relation | None, after: Relation | None) -> dict[str, list[str]]:
    pairs = {name: [_value(before, name), _value(after, name)] for name in _COLUMNS}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1] and name not in _IDS}


def _value(relation: Relation | None, name: str) -> str:
    return "" if relation is None else str(getattr(relation, name))


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    if not one["readable"]:
        return one["what"], one["key"], "", "what lies there cannot be read"
    changes = (
        f"{name}: {' → '.join(text or '-' for text in pair) if one['what'] == 'changed' else ''.join(pair)}"
        for name, pair in one["fields"].items()
    )
    return one["what"], one["object_id"], one["product_id"], "; ".join(changes)


def _sentence(counts: dict[str, int], said: str) -> str:
    done = ", ".join(f"{counts[what]} {what}" for what in ("added", "changed", "removed"))
    left = f"; {counts['left']} more on the topic are left (--replace removes them)" if counts["left"] else ""
    return f"{f'{said}: ' if said else ''}{done}; {counts['same']} are the same{left}"
