"""How subjects, their standing and their differences are shown."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from qosresolve.cli.output import console, dump, line, table
from qosresolve.cli.schemas.looking import Compared
from qosresolve.contracts.registry.registering import Change, Done
from qosresolve.contracts.registry.standing import Standing, Verdict

_COLUMNS = ("subject", "", "version", "compatibility")


def checked(standings: Sequence[Standing], *, as_json: bool) -> None:
    """Show how every subject stands."""
    if as_json:
        dump([_told(standing) for standing in standings])
    else:
        _shown(standings)


def refused(standings: Sequence[Standing], *, dry_run: bool, as_json: bool) -> None:
    """Show why nothing was written."""
    if as_json:
        dump({"dry_run": dry_run, "done": [], "refused": [_told(standing) for standing in standings]})
        return
    _shown(standings)
    line("nothing was written: the registry would refuse this")


def planned(wanted: Sequence[Change], *, dry_run: bool, as_json: bool, stderr: bool = False) -> None:
    """Show what would be done."""
    if as_json:
        planned = [asdict(change.subject) | {"what": change.what} for change in wanted]
        dump({"dry_run": dry_run, "done": planned, "refused": []})
    elif not wanted:
        line("nothing to do: every schema is registered, and every subject's compatibility is set")
    else:
        rows = [(change.subject.name, change.what) for change in wanted]
        console(stderr=stderr).print(table("would be done", ("subject", "what"), rows))


def registered(done: Sequence[Done], *, as_json: bool) -> None:
    """Show what was done, and what was refused after all."""
    if as_json:
        dump(
            {
                "dry_run": False,
                "done": [_made(item) for item in done if not item.refused],
                "refused": [_made(item) | {"words": item.refused} for item in done if item.refused],
            }
        )
        return
    rows = [
        (item.change.subject.name, _became(item), str(item.schema_id or "-"), item.refused or "-")
        for item in done
    ]
    console().print(table("done", ("subject", "what", "id", "the registry says"), rows))


def differing(found: Sequence[Compared], *, as_json: bool) -> None:
    """Show what differs."""
    if as_json:
        dump(
            [
                asdict(item.subject)
                | {"version": item.version, "differences": [asdict(row) for row in item.rows]}
                for item in found
            ]
        )
        return
    rows = [row for item in found for row in _differing(item)]
    if not rows:
        line("nothing differs")
        return
    console().print(table("", ("subject", "version", "where", "what", "registered", "ships"), rows))


def _differing(item: Compared) -> list[tuple[str, ...]]:
    name = item.subject.name
    if not item.version:
        return [(name, "-", "-", "not registered", "-", "-")]
    number = str(item.version)
    return [(name, number, row.where, row.what, row.registered or "-", row.ships or "-") for row in item.rows]


def _became(item: Done) -> str:
    if not item.refused:
        return item.change.what
    return f"set {item.change.level}, refused" if item.change.level else "refused"


def _made(item: Done) -> dict[str, Any]:
    return asdict(item.change.subject) | {"what": _became(item), "id": item.schema_id}


def _shown(standings: Sequence[Standing]) -> None:
    """Show a table, and below it what is not well: a registry has many words."""
    console().print(table("", _COLUMNS, [_row(standing) for standing in standings]))
    for standing in standings:
        if standing.against.words:
            line(f"{standing.subject.name}: {standing.against.words}")
        if not standing.well:
            line(f"{standing.subject.name}: remedy: {standing.remedy}")


def _told(standing: Standing) -> dict[str, Any]:
    return {
        "subject": standing.subject.name,
        "record": standing.subject.record,
        "verdict": standing.verdict,
        "well": standing.well,
        "version": standing.version,
        "versions": standing.versions,
        "against": standing.against.versions,
        "compatibility": standing.level,
        "wanted": standing.subject.level,
        "words": standing.against.words,
        "remedy": standing.remedy,
    }


def _row(standing: Standing) -> tuple[str, ...]:
    version = str(standing.version or "-")
    if standing.against.versions:
        version = "not with " + ", ".join(map(str, standing.against.versions))
    level = standing.level
    if standing.verdict is not Verdict.NEW and not standing.subject.fits(level):
        level = f"{level}, not {standing.subject.level}"
    return (standing.subject.name, standing.verdict, version, level)
