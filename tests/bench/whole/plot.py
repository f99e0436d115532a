"""The result as a picture: bars with their spread, in SVG, readable on light and on dark pages."""

from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from tests.bench.whole.result import PRODUCT, Json

LEFT, WIDTH, RIGHT = 210, 430, 110
TOP, BAR, GAP, PANEL = 56, 18, 10, 48
PANELS = (("events_per_cpu_s", "events per CPU-second of the process"), ("wall_events_per_s", "events/s"))
WITHOUT_WORK = "raw copy"  # its bar would leave nothing to be seen of the others
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 } .note { fill: #59636e; font-size: 12px }
  .bar { fill: #9aa4af } .own { fill: #0969da }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .note { fill: #9198a1 }
    .bar { fill: #656c76 } .own { fill: #4493f8 } .spread { stroke: #f0f6fc }
  }
"""


class Bar(NamedTuple):
    """One bar: a name, and median, least and most of a figure."""

    name: str
    median: float
    least: float
    most: float


def write(result: Json, path: Path) -> None:
    """Write the picture of a result."""
    path.write_text(picture(result), encoding="utf-8")


def picture(result: Json) -> str:
    """Return the SVG."""
    body, y = [], TOP
    for key, title in PANELS:
        body.append(_text(LEFT, y - 8, title, "title"))
        panel = bars(result, key)
        longest = max(bar.most for bar in panel)
        for bar in panel:
            body.append(_bar(bar, y, WIDTH / longest))
            y += BAR + GAP
        y += PANEL
    height, width = y - PANEL + 34, LEFT + WIDTH + RIGHT
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"',
            f' viewBox="0 0 {width} {height}" role="img" aria-label="{escape(_title(result))}">',
            f"<style>{STYLE}</style>",
            _text(12, 22, _title(result), "title"),
            *body,
            _text(12, height - 12, _note(result), "note"),
            "</svg>\n",
        ]
    )


def bars(result: Json, key: str) -> list[Bar]:
    """Return the bars of one figure, the highest first."""
    rows = ((name, row[key]) for name, row in result["throughput"].items() if name != WITHOUT_WORK)
    found = [Bar(name, row["median"], row["min"], row["max"]) for name, row in rows]
    return sorted(found, key=lambda bar: -bar.median)


def _title(result: Json) -> str:
    data = result["data"]
    return f"{data['events']:,} events of {data['products']:,} products, exactly once, one process"


def _note(result: Json) -> str:
    raw = result["throughput"].get(WITHOUT_WORK)
    floor = (
        f"; a copy without any work: {raw['events_per_cpu_s']['median']:,.0f} per CPU-second" if raw else ""
    )
    rounds = "one round" if result["rounds"] == 1 else f"medians of {result['rounds']} rounds"
    return f"{rounds}, lines from least to most{floor}"


def _bar(bar: Bar, y: float, scale: float) -> str:
    middle, kind = y + BAR / 2, "own" if bar.name == PRODUCT else "bar"
    place = f'x="{LEFT}" y="{y}" width="{bar.median * scale:.1f}" height="{BAR}"'
    low, high = LEFT + bar.least * scale, LEFT + bar.most * scale
    return "\n".join(
        [
            f'<text x="{LEFT - 8}" y="{middle + 4.5:.1f}" text-anchor="end">{escape(bar.name)}</text>',
            f'<rect class="{kind}" {place} rx="2"/>',
            f'<line class="spread" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>',
            _text(max(high, LEFT) + 8, middle + 4.5, f"{bar.median:,.0f}", ""),
        ]
    )


def _text(x: float, y: float, words: str, kind: str) -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{named}>{escape(words)}</text>'
