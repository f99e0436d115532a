"""The two ways to look on: a live table on a terminal, plain lines elsewhere."""

from collections.abc import Iterable
from types import TracebackType
from typing import Protocol, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from qosresolve.core.facts import Entry
from qosresolve.demo import telling
from qosresolve.demo.post import wall_ms
from qosresolve.demo.scene import Row, Scene

REFRESH = 4  # times a second
FRAME_LINES = 7  # of the screen that are not rows
_COLUMNS = ("time left", "status", "severity", "product", "customer", "jeopardy", "waiting for", "last")


class View(Protocol):
    """Shows the scene and its news until the story is over."""

    def show(self, scene: Scene, news: Iterable[Entry]) -> None:
        """Show what is and what has just happened."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""


class Lines:
    """One line a notable transition, by the second of the story."""

    def __init__(self, console: Console, began: int) -> None:
        self._console = console
        self._began = began
        self._silenced: set[str] = set()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def show(self, scene: Scene, news: Iterable[Entry]) -> None:
        """Print the news."""
        for entry in news:
            if telling.newsworthy(entry) and not self._repeated(entry):
                second = (entry.now - self._began) / 1_000
                say(self._console, f"{second:5.1f} s  {entry.product_id:<17} {telling.told(entry)}")

    def _repeated(self, entry: Entry) -> bool:
        """A silenced event that goes on is told once."""
        key = f"{entry.product_id} {entry.rule}"
        known = bool(entry.rule) and key in self._silenced
        self._silenced.add(key)
        return known


class Screen:
    """A live table."""

    def __init__(self, console: Console, began: int, seconds: float) -> None:
        self._console = console
        self._began = began
        self._seconds = seconds
        self._live = Live(console=console, refresh_per_second=REFRESH, auto_refresh=False)

    def __enter__(self) -> Self:
        """Begin."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End; the last picture stays."""
        self._live.stop()

    def show(self, scene: Scene, news: Iterable[Entry]) -> None:
        """Draw the scene; the table tells the news by itself."""
        now = wall_ms()
        second = min(self._seconds, (now - self._began) / 1_000)
        title = Text(f"qosresolve demo  {second:4.0f} of {self._seconds:.0f} s   ", "bold")
        title.append(scene.header(), "default")
        self._live.update(Group(title, table(scene.rows(now), self._console.height)), refresh=True)


def table(rows: list[Row], height: int) -> Table:
    """Return the rows that fit on a screen, the most urgent ones; colours say nothing that words do not."""
    shown = rows[: max(1, height - FRAME_LINES)]
    made = Table(box=SIMPLE_HEAD, pad_edge=False, expand=True, padding=(0, 1, 0, 0))
    for name in _COLUMNS:
        made.add_column(
            name, no_wrap=True, overflow="ellipsis", justify="right" if name == "time left" else "left"
        )
    for row in shown:
        made.add_row(*(Text(cell) for cell in _cells(row)), style=_style(row))
    if len(rows) > len(shown):
        made.caption = f"and {len(rows) - len(shown)} more that need nobody now"
    return made


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.left, row.status, row.severity, row.product, row.customer, row.jeopardy, row.waiting, row.last,
    )  # fmt: skip


def _style(row: Row) -> str:
    if row.order[0] == 0:
        return "red" if "BREACHED" in row.jeopardy else "yellow" if "at risk" in row.jeopardy else ""
    return {1: "cyan", 2: "green"}.get(row.order[0], "dim")


def view(console: Console, began: int, seconds: float) -> View:
    """Return the way to look on that suits where the output goes."""
    return Screen(console, began, seconds) if console.is_terminal else Lines(console, began)


def say(console: Console, text: str) -> None:
    """Print one line as it is, however long."""
    console.print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)
