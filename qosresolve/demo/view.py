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
WIDE = 120  # columns of a screen that has room for everything


class View(Protocol):
    """Shows the scene and its news until the story is over."""

    def show(self, scene: Scene, news: Iterable[Entry], /) -> None:
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

    def show(self, _scene: Scene, news: Iterable[Entry], /) -> None:
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
        self._drawn = 0
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        """Begin."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End; the last picture stays."""
        self._live.stop()

    def show(self, scene: Scene, _news: Iterable[Entry], /) -> None:
        """Draw the scene; the table tells the news by itself."""
        now = wall_ms()
        if now - self._drawn < 1_000 // REFRESH:
            return
        self._drawn = now
        second = min(self._seconds, (now - self._began) / 1_000)
        title = Text(f"{second:.0f} of {self._seconds:.0f} s  ", "bold", no_wrap=True, overflow="ellipsis")
        title.append(scene.header(), "default")
        self._live.update(
            Group(title, table(scene.rows(now), self._console.width, self._console.height)), refresh=True
        )


def table(rows: list[Row], width: int, height: int) -> Table:
    """Return the rows that fit on a screen, the most urgent ones; colours say nothing that words do not."""
    columns = _columns(width)
    shown = rows[: max(1, height - FRAME_LINES)]
    made = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), caption_justify="left")
    for name, wide in columns.items():
        made.add_column(name, width=wide, no_wrap=True, overflow="ellipsis")
    for row in shown:
        cells = _cells(row)
        made.add_row(*(Text(cells[name]) for name in columns), style=_style(row))
    if len(rows) > len(shown):
        made.caption = f"and {len(rows) - len(shown)} more, less urgent"
    return made


def _columns(width: int) -> dict[str, int]:
    """Return the columns and their widths; what does not fit is left out, the last one takes the rest."""
    columns = {"time left": 11, "status": 12, "product": 17, "jeopardy": 17}
    if width >= WIDE:
        spare = (width - WIDE) // 3
        columns = {
            "time left": 11, "status": 12, "severity": 9, "product": 17, "customer": min(27, 12 + spare),
            "jeopardy": 17, "waiting for": min(33, 10 + spare),
        }  # fmt: skip
    return columns | {"last": max(8, width - sum(columns.values()) - 2 * len(columns) - 1)}


def _cells(row: Row) -> dict[str, str]:
    return {
        "time left": row.left.rjust(11), "status": row.status, "severity": row.severity,
        "product": row.product, "customer": row.customer, "jeopardy": row.jeopardy,
        "waiting for": row.waiting, "last": row.last,
    }  # fmt: skip


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
