"""From what was typed to a choice and to the letters, with a bar while the topic is read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from qosresolve.cli.dead_letters.options import Said, when
from qosresolve.cli.output import console
from qosresolve.errors import ConfigError
from qosresolve.replay.dead.book import Book, Progress, read_book, whole
from qosresolve.replay.dead.choice import Choice
from qosresolve.replay.dead.letters import Letter, id_of
from qosresolve.settings import Settings


def choice_of(said: Said) -> Choice:
    """Return what was asked for. Raises ConfigError for what is no id or instant."""
    since, until = when(said.since, "--since"), when(said.until, "--until")
    return Choice(tuple(map(id_of, said.ids)), said.topic, said.error, said.product, since, until)


def some(said: Said) -> Choice:
    """Return what was asked for, where it was something. Raises ConfigError, too, where it was too much."""
    choice = choice_of(said)
    if choice.narrow == said.every:
        what = "--all and something else besides" if said.every else "no letters are named"
        raise ConfigError(
            what, setting="ID", remedy="name ids, or --topic, --error, --product, --since, --until; or --all"
        )
    return choice


def book_of(settings: Settings) -> Book:
    """Return all letters, without their bytes."""
    with bar("dead letters") as progress:
        return read_book(settings, progress)


def whole_of(settings: Settings, letters: Sequence[Letter]) -> list[Letter]:
    """Return letters with their bytes."""
    if not letters:
        return []
    with bar("their bytes") as progress:
        return whole(settings, letters, progress)


@contextmanager
def bar(what: str) -> Iterator[Progress]:
    """Show how far a reading is, with its rate and how long it will take yet, on a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = console(stderr=True)
    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as shown:
        task = shown.add_task(what, total=None, rate="")

        def told(done: int, expected: int) -> None:
            speed = shown.tasks[0].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            shown.update(task, completed=done, total=expected, rate=rate)

        yield told
