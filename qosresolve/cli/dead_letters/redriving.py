"""Redriving and discarding: which letters, what would become of them, ask, send, tell. Status 0, 1 or 2."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import typer

from qosresolve.cli.asking import Journal
from qosresolve.cli.dead_letters import outcome
from qosresolve.cli.dead_letters.options import Manner, Said
from qosresolve.cli.dead_letters.outcome import Told
from qosresolve.cli.dead_letters.planning import planned
from qosresolve.cli.dead_letters.reading import bar, book_of, some, whole_of
from qosresolve.cli.people import user
from qosresolve.cli.session import could, tool
from qosresolve.core.facts import Entry
from qosresolve.errors import ConfigError, RetriableError
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.dead.book import Book, Progress
from qosresolve.replay.dead.choice import Choice, chosen
from qosresolve.replay.dead.letters import Letter, Spot
from qosresolve.replay.dead.plan import Row, Rules, Verdict, discards
from qosresolve.replay.dead.sending import Decision, Done, Resolving, end_interrupted
from qosresolve.settings import Settings
from qosresolve.topics import Names


def redrive(said: Said, manner: Manner, rules: Rules, wait: float | None) -> int:
    """Return 0 when all that was chosen was redriven, 1 when something was not, 2 when it could not."""

    def done() -> int:
        choice = some(said)
        settings = tool(manner.config, manner.sets)
        if not manner.dry_run:
            end_interrupted(settings)
        book, letters = _letters(settings, choice, manner)
        rows = planned(settings, contracts_for(settings), book, whole_of(settings, letters), rules)
        if manner.dry_run:
            outcome.show([Told(row) for row in rows], dry_run=True, as_json=manner.as_json)
            return int(not all(row.goes for row in rows))
        going = [row.letter for row in rows if row.goes]
        _agreed("redrive", going, choice, manner)
        return _sent(settings, rows, manner, wait) if going else _none_goes(rows, manner)

    return could(done)


def discard(said: Said, manner: Manner) -> int:
    """Return 0 when all that was chosen is discarded now, 1 when something was decided already, 2 if not."""

    def done() -> int:
        if not manner.reason.strip():
            raise ConfigError("a reason has to say something", setting="--reason", remedy="say why")
        choice = some(said)
        settings = tool(manner.config, manner.sets)
        if not manner.dry_run:
            end_interrupted(settings)
        book, letters = _letters(settings, choice, manner)
        wanted, decided = discards(book, letters)
        if manner.dry_run or not wanted:
            outcome.discarded(wanted, decided, dry_run=manner.dry_run, as_json=manner.as_json)
            return int(bool(decided))
        _agreed("discard", wanted, choice, manner)
        return _discarded(settings, wanted, decided, manner)

    return could(done)


def _discarded(settings: Settings, wanted: list[Letter], decided: list[Letter], manner: Manner) -> int:
    """Discard what nobody decided about meanwhile, and tell what was, whatever is raised behind it."""
    done: list[Letter] = []
    try:
        with Resolving(settings) as resolving:
            wanted, more = discards(book_of(settings), wanted)
            decided = decided + more
            resolving.discard(wanted, _decision(manner), lambda it: done.append(it.letter))
    finally:
        outcome.discarded(done, decided, dry_run=False, as_json=manner.as_json)
    return int(bool(decided))


def _letters(settings: Settings, choice: Choice, manner: Manner) -> tuple[Book, list[Letter]]:
    book = book_of(settings)
    letters = chosen(book, choice, Names(settings.prefix))
    if len(letters) > manner.most:
        raise ConfigError(
            f"{len(letters)} letters are meant, more than {manner.most}",
            setting="--max",
            remedy="choose fewer, or raise it",
        )
    return book, letters


def _agreed(verb: str, letters: Sequence[Letter], choice: Choice, manner: Manner) -> None:
    """Ask before letters that a filter chose are decided about. Raises ConfigError where nobody agrees."""
    if choice.ids or manner.yes or not letters:
        return
    if not sys.stdin.isatty():
        raise ConfigError(
            f"{verb} would take {len(letters)} letters, and nobody is there to ask",
            setting="--yes",
            remedy="look with --dry-run, then say --yes",
        )
    outcome.preview(verb, letters)
    if not typer.confirm(f"{verb} these {len(letters)} letters?", err=True):
        raise ConfigError("not agreed, nothing was done", setting="--yes")


def _sent(settings: Settings, rows: Sequence[Row], manner: Manner, wait: float | None) -> int:
    """Send what goes, and tell of everything; what was sent is told whatever is raised behind it."""
    done: dict[str, Spot] = {}
    entries: dict[tuple[str, int, int], Entry] = {}
    awaited: set[tuple[str, int, int]] = set()  # what intake takes has no entry of its own
    journal = None if wait is None else Journal(settings, contracts_for(settings), _numbers(rows))
    try:
        with Resolving(settings) as resolving:
            rows = _still_open(rows, book_of(settings))
            going = [row for row in rows if row.goes]
            with bar("redriving") as progress:
                resolving.redrive(going, _decision(manner), _noting(done, len(going), progress))
        if journal is not None and wait is not None:
            inputs = Names(settings.prefix).inputs
            awaited = {spot for spot in done.values() if spot.topic in inputs}
            entries = journal.wait(awaited, wait, lambda _: None)
    finally:
        if journal is not None:
            journal.close()
        told = [Told(row, done.get(str(row.letter.id))) for row in rows]
        told = [replace(each, entry=entries.get(each.to) if each.to else None) for each in told]
        outcome.show(told, dry_run=False, as_json=manner.as_json)
    if wait is not None and len(entries) < len(awaited):
        raise RetriableError(
            f"no decision within {wait:g} s for {len(awaited) - len(entries)} of {len(awaited)}"
            "\n  remedy: they are sent; is a worker running (`qosresolve run worker`)?"
        )
    return int(len(done) < len(rows) or any(map(outcome.died, told)))


def _noting(done: dict[str, Spot], expected: int, progress: Progress) -> Callable[[Done], None]:
    def note(it: Done) -> None:
        if it.to is not None:
            done[str(it.letter.id)] = it.to
        progress(len(done), expected)

    return note


def _numbers(rows: Sequence[Row]) -> set[int]:
    return {row.partition for row in rows if row.goes}


def _still_open(rows: Sequence[Row], book: Book) -> list[Row]:
    """Return rows again: what somebody decided meanwhile is not decided twice."""
    return [_row_now(row, book) for row in rows]


def _row_now(row: Row, book: Book) -> Row:
    known = book.resolutions.get(row.letter.id)
    if not row.goes or known is None or known == row.known:
        return row
    return replace(
        row, verdict=Verdict.RESOLVED, why=f"{known.what} by {known.by or 'somebody'} meanwhile", remedy=""
    )


def _none_goes(rows: Sequence[Row], manner: Manner) -> int:
    outcome.show([Told(row) for row in rows], dry_run=False, as_json=manner.as_json)
    return int(bool(rows))


def _decision(manner: Manner) -> Decision:
    return Decision(manner.by or user(), manner.reason)
