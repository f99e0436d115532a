"""Holds a run against the recorded one: `make bench-compare`.

Compared are ratios, per CPU-second: what the product does beside its baselines in the same minutes, on the
same machine. So a slow machine is no regression. Exit status: 0 not worse, 1 worse or not to be told.
"""

import argparse
import json
import sys
from pathlib import Path

from tests.bench.whole.result import PRODUCT, Json, aligned

RECORDED = Path(__file__).parents[2] / "docs" / "benchmarks" / "recorded.json"
TOLERANCE = 0.1


def main() -> int:
    """Compare and print."""
    given = _arguments()
    run, recorded = (json.loads(path.read_text(encoding="utf-8")) for path in (given.file, given.against))
    rows, worse = compared(run, recorded, given.tolerance)
    sys.stdout.write(aligned([("per CPU-second", "recorded", "now", "change", ""), *rows]) + "\n")
    return int(worse)


def compared(run: Json, recorded: Json, tolerance: float) -> tuple[list[tuple[str, ...]], bool]:
    """Return a row for each recorded ratio of the product, and whether one is worse by more than that."""
    rows: list[tuple[str, ...]] = []
    worse = False
    for name, old in recorded["ratios"].items():
        if not name.startswith(f"{PRODUCT} / "):
            continue
        before = old["cpu"]["median"]
        if name not in run["ratios"]:
            rows.append((name, f"{before:.3f}", "", "", "not measured"))
            worse = True
            continue
        now = run["ratios"][name]["cpu"]["median"]
        failed = now < before * (1 - tolerance)
        worse |= failed
        change = f"{now / before - 1:+.0%}"
        rows.append((name, f"{before:.3f}", f"{now:.3f}", change, "WORSE" if failed else ""))
    return rows, worse or not rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.compare",
        description=__doc__,
        epilog="example: python -m tests.bench.compare docs/benchmarks/latest.json --tolerance 0.05",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="what `make bench` wrote")
    parser.add_argument(
        "--against", type=Path, default=RECORDED, help="default: docs/benchmarks/recorded.json"
    )
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="default: %(default)s")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
