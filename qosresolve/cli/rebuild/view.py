"""Asking before a rebuild in place, and showing what became of it, or would."""

import sys
from collections.abc import Sequence
from dataclasses import asdict

import typer

from qosresolve.cli.output import console, dump, line, table
from qosresolve.cli.verify.view import bar, mismatches
from qosresolve.errors import ConfigError, QosResolveError
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.rebuild.alone import raise_if_populated
from qosresolve.replay.rebuild.run import Rebuilt, Wishes, rebuild
from qosresolve.settings import Settings

SHOWN = 20


def one_of(into: str, *, in_place: bool, positions: bool, resume: bool) -> None:
    """Refuse options that do not go together. Raises ConfigError."""
    if bool(into) is in_place:
        raise ConfigError("say where to", setting="--into PREFIX or --in-place", remedy="one of the two")
    if into and positions:
        raise ConfigError("positions are rebuilt in place", setting="--positions", remedy="--in-place")
    if in_place and resume:
        raise ConfigError(
            "in place every rebuild goes on where the last one ended",
            setting="--resume",
            remedy="leave it out",
        )


def rebuilt(settings: Settings, wishes: Wishes, *, yes: bool, as_json: bool) -> int:
    """Rebuild and show the result; return 1 where a dry run found something to write, else 0."""
    if wishes.into is None and not wishes.dry_run:
        raise_if_populated(settings)
        _agreed(settings, yes=yes)
    done: list[Rebuilt] = []
    try:
        with bar("rebuilding") as progress:
            for part in rebuild(settings, contracts_for(settings), wishes, progress):
                done.append(part)  # noqa: PERF402 - those that are done are shown, whatever comes
    except QosResolveError:
        _show(done, wishes, as_json=as_json)
        raise
    _show(done, wishes, as_json=as_json)
    return int(wishes.dry_run and any(part.differs for part in done))


def _agreed(settings: Settings, *, yes: bool) -> None:
    """Ask before live topics are written to. Raises ConfigError where nobody agrees."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError(
            "live topics would be written to, and nobody is there to ask",
            setting="--yes",
            remedy="look with --dry-run, then say --yes",
        )
    word = settings.prefix or settings.group
    typer.echo(f"Reports and watches of {settings.bootstrap_servers}, prefix {settings.prefix!r}.", err=True)
    if typer.prompt(f"Type {word} to rebuild them in place", default="", err=True).strip() != word:
        raise ConfigError("not agreed, nothing was written", setting="--in-place")


def _show(done: Sequence[Rebuilt], wishes: Wishes, *, as_json: bool) -> None:
    if as_json:
        dump({"dry_run": wishes.dry_run, "into": wishes.into, "partitions": [asdict(part) for part in done]})
        return
    first = [item for part in done for item in part.first][:SHOWN]
    if wishes.dry_run and first:
        mismatches(first)
    would = "would be " if wishes.dry_run else ""
    columns = ("partition", "journal entries", "equal", f"{would}written", f"{would}removed", "unprovable")
    console().print(table("", columns, [_row(part) for part in done]))
    for part in done:
        for note in part.notes:
            line(f"partition {part.partition}: {note}")
    line(_sum(done, would))


def _row(part: Rebuilt) -> tuple[str, ...]:
    counts = (part.partition, part.entries, part.equal, part.written, part.removed, len(part.unprovable))
    return tuple(map(str, counts))


def _sum(done: Sequence[Rebuilt], would: str) -> str:
    written, removed = sum(part.written for part in done), sum(part.removed for part in done)
    equal = sum(part.equal for part in done)
    return f"{len(done)} partitions: {equal} records as they are, {written} {would}written, {removed} removed"
