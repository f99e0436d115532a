"""Stacks as a flame graph: one SVG without a script, each frame's figures in its title.

A frame is as wide as it was often on a stack; what it calls stands on it. Colours tell the packages apart.
"""

from collections.abc import Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape

from tests.bench.stages import Stack, Stacks

WIDTH, MARGIN, ROW, HEAD = 1_200, 10, 17, 58
LEAST = 0.5  # pixels; a narrower frame is not drawn
LETTER = 6.7  # pixels of one letter
COLOURS = {
    "qosresolve/core/": ("core", "#f4a259"),
    "qosresolve/contracts/": ("contracts", "#8cb369"),
    "qosresolve/kafka/": ("kafka", "#6fa8dc"),
    "": ("libraries, generated code", "#c9c3b8"),
}
STYLE = """
  text { font: 11px ui-monospace, Menlo, Consolas, monospace; fill: #1f2328 }
  .title { font: 600 14px system-ui, sans-serif } .ground { fill: #fffdf8 }
  g.f rect { stroke: #fffdf8; stroke-width: .6 } g.f:hover rect { stroke: #1f2328; stroke-width: 1 }
  g.f text { pointer-events: none }
"""


class Box(NamedTuple):
    """One frame as it is drawn: which samples of all it covers, and how high it lies; 0 is the lowest."""

    frame: str
    first: int
    samples: int
    level: int


def boxes(stacks: Stacks) -> Iterator[Box]:
    """Yield the frames, equal neighbours on equal ground as one."""
    yield from _level(sorted((stack, count) for stack, count in stacks.items() if stack), 0, 0)


def _level(stacks: list[tuple[Stack, int]], first: int, level: int) -> Iterator[Box]:
    groups: dict[str, list[tuple[Stack, int]]] = {}
    for stack, count in stacks:
        if len(stack) > level:
            groups.setdefault(stack[level], []).append((stack, count))
    for frame, inside in groups.items():
        total = sum(count for _, count in inside)
        yield Box(frame, first, total, level)
        yield from _level(inside, first, level + 1)
        first += total


def picture(stacks: Stacks, title: str) -> str:
    """Return the SVG. Raises ValueError where there is nothing to show."""
    total = sum(count for stack, count in stacks.items() if stack)
    if not total:
        raise ValueError("no samples")
    scale = (WIDTH - 2 * MARGIN) / total
    drawn = [box for box in boxes(stacks) if box.samples * scale >= LEAST]
    height = HEAD + (max(box.level for box in drawn) + 1) * ROW + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"',
            f' viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title, {chr(34): "&quot;"})}">',
            f"<style>{STYLE}</style>",
            f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
            f'<text class="title" x="{MARGIN}" y="22">{escape(title)}</text>',
            *_legend(),
            *(_drawn(box, total, scale, height - MARGIN - (box.level + 1) * ROW) for box in drawn),
            "</svg>\n",
        ]
    )


def _legend() -> Iterator[str]:
    x: float = MARGIN
    for name, colour in COLOURS.values():
        yield f'<circle cx="{x + 6:.1f}" cy="40" r="6" fill="{colour}"/>'
        yield f'<text x="{x + 17:.1f}" y="44">{name}</text>'
        x += 36 + len(name) * LETTER


def _drawn(box: Box, total: int, scale: float, y: int) -> str:
    x, width = MARGIN + box.first * scale, box.samples * scale
    told = f"{box.frame}: {box.samples:,} samples, {100 * box.samples / total:.1f} %"
    name, letters = box.frame.partition(" (")[0], int((width - 4) / LETTER)
    shown = name if len(name) <= letters else f"{name[: letters - 1]}…" if letters > 3 else ""
    colour = next(colour for part, (_, colour) in COLOURS.items() if part in box.frame)
    label = f'<text x="{x + 2:.2f}" y="{y + 12}">{escape(shown)}</text>' if shown else ""
    rect = f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="{ROW - 1}" rx="1" fill="{colour}"/>'
    return f'<g class="f"><title>{escape(told)}</title>{rect}{label}</g>'
