"""What is shown while a run goes on: one line that moves on a terminal, one now and then elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rich.console import Console

from tests.chaos.director import Director
from tests.chaos.field import Field

MOVES_S = 0.5
TELLS_S = 30.0


def line(field: Field, director: Director, left_s: float) -> str:
    """Return how it stands."""
    processes = [place for place in field.supervisor.places.values() if place.wanted]
    up = sum(place.alive and not place.frozen for place in processes)
    now = "; ".join(director.now) or "nothing"
    return (
        f"{director.phase}, {left_s / 60:.1f} min left, {director.done.total()} faults of "
        f"{len(director.done)} kinds, {up}/{len(processes)} processes, now: {now}"
    )


@contextmanager
def shown(console: Console, told: Callable[[], str]) -> Iterator[None]:
    """Show a line for the length of a block."""
    over = Event()
    thread = Thread(target=_show, args=(console, told, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(5)


def _show(console: Console, told: Callable[[], str], over: Event) -> None:
    if not console.is_terminal:
        while not over.wait(TELLS_S):
            console.print(f"{time.strftime('%H:%M:%S')} {told()}", markup=False, soft_wrap=True)
        return
    with console.status("") as status:
        while not over.wait(MOVES_S):
            status.update(told())
