"""A bar on standard error while topics are read: on a terminal, how far, how fast and how long still."""

from collections.abc import Iterator
from contextlib import contextmanager

from qosresolve.cli.output import console
from qosresolve.replay.reports import Progress


@contextmanager
def bar(what: str) -> Iterator[Progress]:
    """Show a bar for the length of a block; nothing where nobody looks."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    screen = console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=screen, transient=True, disable=not screen.is_terminal) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, expected: shown.update(task, completed=done, total=expected)
