"""What came of a run: medians, ratios, the table, and the file that says it all.

A ratio is taken round by round and the median of that: the machine's speed swings from minute to minute, and
what ran side by side swung together.
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.whole.measuring import Measured

PRODUCT = "qosresolve"
BASES = ("hand-written loop", "raw copy")  # what the others are held against
Rounds = Mapping[str, Sequence[Measured]]  # by contender; the same rounds of each
Json = dict[str, Any]


def spread(values: Sequence[float], digits: int = 0) -> Json:
    """Return median, least and most."""
    return {
        "median": round(statistics.median(values), digits),
        "min": round(min(values), digits),
        "max": round(max(values), digits),
    }


def throughput(rounds: Rounds) -> Json:
    """Return each contender's figures."""
    return {
        name: {
            "wall_events_per_s": spread([run.wall for run in runs]),
            "events_per_cpu_s": spread([run.cpu for run in runs]),
            "start_s": spread([run.start_s for run in runs], 1),
            "rss_mb": spread([run.rss_mb for run in runs]),
        }
        for name, runs in rounds.items()
    }


def ratios(rounds: Rounds) -> Json:
    """Return `<contender> / <base>` per CPU-second and by the clock."""
    found: Json = {}
    for base in BASES:
        for name in rounds:
            if base in rounds and name not in BASES:
                pairs = list(zip(rounds[name], rounds[base], strict=True))
                found[f"{name} / {base}"] = {
                    "cpu": spread([run.cpu / other.cpu for run, other in pairs], 3),
                    "wall": spread([run.wall / other.wall for run, other in pairs], 3),
                }
    return found


def table(result: Json) -> str:
    """Return the result for people."""
    rows = [("", "events/s, wall", "events per CPU-second", "/ hand-written", "start s", "MB")]
    for name, row in result["throughput"].items():
        ratio = result["ratios"].get(f"{name} / {BASES[0]}")
        rows.append(
            (
                name,
                span(row["wall_events_per_s"]),
                span(row["events_per_cpu_s"]),
                f"{ratio['cpu']['median']:.2f}" if ratio else "",
                f"{row['start_s']['median']:.1f}",
                f"{row['rss_mb']['median']:,.0f}",
            )
        )
    return aligned(rows)


def intake_table(found: Json) -> str:
    """Return what the intake did, for people."""
    head = ("", "alerts/s, wall", "alerts per CPU-second")
    return aligned([head, ("intake", span(found["wall_alerts_per_s"]), span(found["alerts_per_cpu_s"]))])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text, the first column to the left and the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def write(result: Json, path: Path) -> None:
    """Write the result as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def span(row: Json, digits: int = 0) -> str:
    """Return median, least and most as one cell."""
    median, least, most = (f"{row[name]:,.{digits}f}" for name in ("median", "min", "max"))
    return f"{median} ({least}-{most})"
