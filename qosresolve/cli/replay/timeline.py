"""One report's timeline as SVG: recorded decisions above the axis, replayed ones below.

What differs has its number in the table beside it; what is the same is a dot. Marks that would cover each
other are stacked.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from qosresolve.cli.times import shown
from qosresolve.replay.rerun.decisions import Decision, Kind
from qosresolve.replay.rerun.differences import Line, Verdict

SIGNS = {
    Verdict.EARLIER: "&#9664;",
    Verdict.LATER: "&#9654;",
    Verdict.MISSING: "&#10005;",
    Verdict.NEW: "&#10010;",
    Verdict.OTHER: "&#9671;",
    Verdict.SAME: "&#9679;",
}
WIDTH, LEFT, RIGHT = 1000, 80, 24
STEP = 17  # between two marks that are stacked
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 7_200, 14_400, 43_200)  # minutes
_SECONDS = (1, 2, 5, 10, 15, 30)


@dataclass(frozen=True, slots=True)
class Mark:
    """One decision on one side; `number` is its row in the table, 0 for one that is the same."""

    decision: Decision
    verdict: Verdict
    number: int
    above: bool
    x: float
    level: int


@dataclass(frozen=True, slots=True)
class Scale:
    """Instants in ms, and where they lie across the drawing: the first one, and the edges."""

    first: int
    start: int
    end: int

    def x(self, at: int) -> float:
        """Return how far from the left an instant lies."""
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - self.start) / (self.end - self.start)

    def ticks(self) -> Iterator[int]:
        """Yield round instants, some half a dozen."""
        steps = [1_000 * seconds for seconds in _SECONDS] + [60_000 * minutes for minutes in _TICKS]
        span = self.end - self.start
        step = next((step for step in steps if span / step <= 8), span)
        at = self.start - self.start % step + step
        while at < self.end:
            yield at
            at += step


def drawn(line: Line) -> str:
    """Return the drawing of a report; nothing where no decision has an instant."""
    instants = [side.at for pair in line.pairs for side in (pair.recorded, pair.replayed) if side and side.at]
    if not instants:
        return ""
    pad = max(1_000, (max(instants) - min(instants)) // 40)
    scale = Scale(min(instants), min(instants) - pad, max(instants) + pad)
    marks = list(_marks(line, scale))
    above = 1 + max((mark.level for mark in marks if mark.above), default=0)
    below = 1 + max((mark.level for mark in marks if not mark.above), default=0)
    axis = 16 + above * STEP
    height = axis + 26 + below * STEP + 10
    parts = [*_axis(scale, axis), *_links(marks, axis), *(_mark(mark, axis) for mark in marks)]
    label = escape(f"timeline of report {line.about.report_id}", quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _marks(line: Line, scale: Scale) -> Iterator[Mark]:
    stacked: Counter[tuple[bool, int]] = Counter()
    numbers = {id(pair): number for number, pair in enumerate(line.differing, 1)}
    for pair in line.pairs:
        for above, side in ((True, pair.recorded), (False, pair.replayed)):
            if side is not None and side.at:
                x = scale.x(side.at)
                level = _level(stacked, x, above=above)
                yield Mark(side, pair.verdict, numbers.get(id(pair), 0), above, x, level)


def _level(stacked: Counter[tuple[bool, int]], x: float, *, above: bool) -> int:
    """Return how far from the axis a mark goes: beyond those that are near."""
    bins = [(above, int(x // STEP) + shift) for shift in (-1, 0, 1)]
    level = max(stacked[name] for name in bins)
    stacked[above, int(x // STEP)] = level + 1
    return level


def _y(mark: Mark, axis: int) -> float:
    return axis - 12 - mark.level * STEP if mark.above else axis + 32 + mark.level * STEP


def _axis(scale: Scale, axis: int) -> Iterator[str]:
    yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{axis}" y2="{axis}" stroke="var(--line)"/>'
    yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{axis + 20}" y2="{axis + 20}" stroke="var(--line)"/>'
    yield f'<text x="0" y="{axis - 8}">recorded</text><text x="0" y="{axis + 36}">replayed</text>'
    long = scale.end - scale.start > 86_400_000
    fine = scale.end - scale.start < 480_000
    form = "%d %b %H:%M" if long else "%H:%M:%S" if fine else "%H:%M"
    day = f"{datetime.fromtimestamp(scale.first / 1_000, UTC):%Y-%m-%d}"
    yield f'<text class="soft" x="0" y="{axis + 14}">{day}</text>'
    for at in scale.ticks():
        x = scale.x(at)
        text = f"{datetime.fromtimestamp(at / 1_000, UTC):{form}}"
        yield f'<text class="soft" x="{x:.1f}" y="{axis + 14}" text-anchor="middle">{text}</text>'


def _links(marks: list[Mark], axis: int) -> Iterator[str]:
    """Yield a line from each recorded decision to the replayed one that differs."""
    above = {mark.number: mark for mark in marks if mark.above and mark.number}
    for mark in marks:
        one = above.get(mark.number)
        if one is not None and not mark.above:
            yield (
                f'<path class="{mark.verdict}" d="M{one.x:.1f} {_y(one, axis) + 8:.1f}L{mark.x:.1f} '
                f'{_y(mark, axis) - 8:.1f}" stroke="currentColor" stroke-opacity=".45" fill="none"/>'
            )


def _mark(mark: Mark, axis: int) -> str:
    y, decision = _y(mark, axis), mark.decision
    told = f"{decision.kind} {decision.what}".strip() + f", {shown(decision.at)}, {mark.verdict}"
    title = f"<title>{escape(told)}</title>"
    if not mark.number:
        return f'<g class="same">{title}{_shape(decision, mark.x, y, 4)}</g>'
    text = (
        f'<text x="{mark.x:.1f}" y="{y + 3.5:.1f}" text-anchor="middle" style="fill:var(--card);'
        f'font-weight:700;font-size:{10 if mark.number < 100 else 8}px">{mark.number}</text>'
    )
    return f'<g class="{mark.verdict}">{title}{_shape(decision, mark.x, y, 8)}{text}</g>'


def _shape(decision: Decision, x: float, y: float, size: int) -> str:
    """Return a circle; a square where it is the instant of a deadline, which is no instant of a decision."""
    if decision.kind is Kind.DUE:
        return (
            f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size}" height="{2 * size}" '
            'rx="2" fill="currentColor"/>'
        )
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="currentColor"/>'
