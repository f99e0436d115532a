"""Listing and showing letters."""

from pathlib import Path
from typing import Any

from qosresolve.cli.dead_letters import view
from qosresolve.cli.dead_letters.options import Said
from qosresolve.cli.dead_letters.reading import book_of, choice_of, some, whole_of
from qosresolve.cli.output import dump, dump_lines
from qosresolve.cli.session import could, tool
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.dead.choice import Choice, raise_if_missing
from qosresolve.replay.dead.contents import contents
from qosresolve.replay.dead.groups import grouped
from qosresolve.settings import Settings
from qosresolve.topics import Names


def list_letters(said: Said, config: Path | None, sets: tuple[str, ...], *, each: bool, as_json: bool) -> int:
    """Show letters by reason, or each; return the exit status."""

    def done() -> int:
        choice = choice_of(said)
        _list(tool(config, sets), choice, each=each, as_json=as_json)
        return 0

    return could(done)


def _list(settings: Settings, choice: Choice, *, each: bool, as_json: bool) -> None:
    names = Names(settings.prefix)
    book = book_of(settings)
    letters = [letter for letter in book.letters.values() if choice.takes(letter, names)]
    if each:
        rows = [view.told(letter, book) for letter in book.in_order(letters, names)]
        dump_lines(rows) if as_json else view.each(rows)
        return
    groups = grouped((letter, book.standing(letter)) for letter in letters)
    dump([view.told_group(group) for group in groups]) if as_json else view.groups(groups)


def show_letters(said: Said, config: Path | None, sets: tuple[str, ...], *, as_json: bool) -> int:
    """Show letters whole; return the exit status."""

    def done() -> int:
        choice = some(said)
        shown = _whole(tool(config, sets), choice)
        dump_lines(shown) if as_json else view.whole(shown)
        return int(not shown)

    return could(done)


def _whole(settings: Settings, choice: Choice) -> list[dict[str, Any]]:
    names, contracts = Names(settings.prefix), contracts_for(settings)
    book = book_of(settings)
    raise_if_missing(book, choice)
    letters = [letter for letter in book.letters.values() if choice.takes(letter, names)]
    return [
        view.told(letter, book) | {"headers": view.headers(letter)} | contents(letter, contracts, names)
        for letter in whole_of(settings, book.in_order(letters, names))
    ]
