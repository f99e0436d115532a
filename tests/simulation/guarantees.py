"""docs/guarantees.md: what must hold, what protects it, and the violation found without each protection.

`python -m tests.simulation.guarantees` takes each protection off, runs seed after seed until something is
violated, and writes what it found between the page's markers; 1 when nothing is found without one of them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.simulation import driver
from tests.simulation.protections import BY_NAME, PROTECTIONS, options_without
from tests.simulation.violation import INVARIANTS
from tests.support.pages import between

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PAGE = Path(__file__).parents[2] / "docs" / "guarantees.md"
SEEDS = 60
LONGEST = 150


@dataclass(frozen=True, slots=True)
class Found:
    """What the first seed found that found anything; `number` of the invariant, empty where none did."""

    protection: str
    tried: int
    seed: int = 0
    steps: int = 0
    number: str = ""
    message: str = ""
    took_s: float = 0.0


def search(name: str, seeds: int = SEEDS, first: int = 1) -> Found:
    """Run without a protection, seed after seed, until something that must hold does not."""
    began = time.monotonic()
    for seed in range(first, first + seeds):
        result = driver.run(seed, options_without(BY_NAME[name]))
        if result.violation is not None:
            number, message = result.violation.number, result.violation.message
            took = time.monotonic() - began
            return Found(name, seed - first + 1, seed, result.steps, number, message, took)
    return Found(name, seeds, took_s=time.monotonic() - began)


def invariants() -> str:
    """Return the table of what must hold."""
    rows = [f"| {rule.number} | {rule.says} | {rule.asserted} |" for rule in INVARIANTS]
    return "\n".join(["| | What must hold | Asserted by |", "|---|---|---|", *rows])


def counter_proofs(found: Iterable[Found]) -> str:
    """Return the table of what was found without each protection."""
    lines = [
        "| Without | so that it can happen that | violates | for example | Seed |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        message = _cell(one.message) if one.number else "**nothing was found**"
        prevents = BY_NAME[one.protection].prevents
        lines.append(f"| `{one.protection}` | {prevents} | {one.number} | {message} | {one.seed or ''} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    line = " ".join(text.replace("|", "/").replace("<", "(").replace(">", ")").split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."


def main(arguments: Sequence[str] | None = None) -> int:
    """Search, tell, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.guarantees", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many to try for each protection")
    parser.add_argument("--jobs", type=int, default=2, help="how many runs at a time")
    parser.add_argument("--only", nargs="*", choices=sorted(BY_NAME), help="these alone; writes no page")
    given = parser.parse_args(arguments)
    names = given.only or [protection.name for protection in PROTECTIONS]
    found = []
    with ProcessPoolExecutor(given.jobs, multiprocessing.get_context("fork")) as pool:
        for future in as_completed([pool.submit(search, name, given.seeds) for name in names]):
            one = future.result()
            found.append(one)
            told = f"{one.number}: {one.message[:100]}" if one.number else "NOTHING FOUND"
            sys.stderr.write(f"{one.protection:<26} {one.tried:>3} seeds, {one.took_s:>5.0f} s  {told}\n")
    found.sort(key=lambda one: names.index(one.protection))
    if not given.only:
        page = between(PAGE.read_text(encoding="utf-8"), "invariants", invariants())
        PAGE.write_text(between(page, "counter-proofs", counter_proofs(found)), encoding="utf-8")
    return 0 if all(one.number for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
