"""Mutation testing of the core: small changes at random places, one at a time. Do the tests notice?

`make mutation` runs it. A sample is drawn over all modules in proportion, the same one for the same seed.
Works in a temporary copy; what survived is shown as differences in `.cache/mutation/survivors.diff`.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from difflib import unified_diff
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[2]
COPIED = ("qosresolve", "tests", "pyproject.toml")
SURVIVORS = ROOT / ".cache" / "mutation" / "survivors.diff"
PACKAGE = "qosresolve.core."
FIRST = f"{PACKAGE}ids.*__mutmut_1"  # a few: mutmut makes all mutants, and learns which test covers what
ENOUGH = 85  # per cent
WORKERS = 2
AGAIN = "survivors"  # of the last run: no sample, so no score is asked of them
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"  # how mutmut's lines begin that only say that it works

# What the exit codes of the tests mean; any other is a mutant that breaks them.
SURVIVED = (0, 5, 33)  # the last two: no test runs it
TIMED_OUT = (-24, -9, 24, 36, 152, 255)

Results = dict[str, int | None]


def main() -> int:
    """Run the sample that the arguments ask for. Returns 1 where too many mutants survive."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("mutmut", type=Path, help="the command of that name")
    asked.add_argument("--mutants", default="600", help=f"how many, `all`, or `{AGAIN}` of the last run")
    asked.add_argument("--seed", type=int, default=1, help="of the random sample")
    asked.add_argument("--module", default="", help="of the core, such as clocks or processes.clear")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        place = Path(folder)
        _copy(place)
        command = [str(given.mutmut.absolute()), "run", "--max-children", str(WORKERS)]
        log = place / "log"
        print("Making the mutants.", flush=True)
        _watched([*command, FIRST], place, log, [])
        made = [name for name in _results(place) if _module(name).startswith(given.module)]
        chosen = _chosen(made, given.mutants, given.seed)
        if not chosen:
            print(f"There is nothing to run in {given.module or 'the core'}.")
            return 2
        print(f"{len(chosen)} of {len(made)} mutants, seed {given.seed}.", flush=True)
        started = time.monotonic()
        _watched([*command, *chosen], place, log, chosen)
        results = {name: code for name, code in _results(place).items() if name in set(chosen)}
        _write_survivors(place, results)
        score = _report(results)
    print(f"{(time.monotonic() - started) / 60:.0f} minutes; {SURVIVORS.relative_to(ROOT)}")
    return int(score < ENOUGH and given.mutants != AGAIN)


def _copy(place: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, place / name)


def _watched(command: Sequence[str], place: Path, log: Path, chosen: Sequence[str]) -> None:
    """Run mutmut, show how far it is, and leave with what it said if it fails."""
    with log.open("w") as said, subprocess.Popen(command, cwd=place, stdout=said, stderr=said) as running:
        try:
            while running.poll() is None:
                time.sleep(1)
                if chosen and sys.stdout.isatty():
                    _show_progress(place, chosen)
        except BaseException:
            running.terminate()
            raise
    print()
    if running.returncode:
        said_last = [line for line in log.read_text("utf-8").splitlines() if line and line[0] not in SPINNER]
        sys.exit("\n".join([*said_last[-20:], "mutmut gave up: do the tests pass? See `make test-fast`."]))


def _show_progress(place: Path, chosen: Sequence[str]) -> None:
    results = _results(place)
    codes = [results[name] for name in chosen if results.get(name) is not None]
    survived = sum(code in SURVIVED for code in codes)
    print(f"\r{len(codes)} of {len(chosen)} run, {survived} survived ", end="", flush=True)


def _results(place: Path) -> Results:
    """Return the exit code of every mutant's tests by the mutant's name, None where they did not run."""
    found: Results = {}
    for path in sorted((place / "mutants").rglob("*.meta")):
        try:
            found |= json.loads(path.read_text("utf-8"))["exit_code_by_key"]
        except json.JSONDecodeError:  # just being written
            continue
    return found


# -- the sample


def _module(name: str) -> str:
    return name.removeprefix(PACKAGE).rpartition(".")[0]


def _chosen(made: Iterable[str], wanted: str, seed: int) -> list[str]:
    """Return the mutants to run: of each module in proportion to what it has."""
    if wanted == AGAIN:
        last = re.findall(r"^# (\S+)$", SURVIVORS.read_text("utf-8"), re.MULTILINE)
        return sorted(set(made) & set(last))
    chance = random.Random(seed)
    in_order = sorted(made, key=lambda name: (_module(name), chance.random()))
    count = len(in_order) if wanted == "all" else min(int(wanted), len(in_order))
    return [in_order[(2 * number + 1) * len(in_order) // (2 * count)] for number in range(count)]


# -- what came of it


def _report(results: Mapping[str, int | None]) -> float:
    """Print a line a module. Returns the total score: how many of a hundred mutants were noticed."""
    print(f"{'module':32} mutants  killed  timed out  survived   score")
    rows: dict[str, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for name, code in results.items():
        late, alive = code in TIMED_OUT, code in SURVIVED
        for row in (_module(name), "total"):
            total, timed_out, survived = rows[row]
            rows[row] = (total + 1, timed_out + late, survived + alive)
    score = 0.0
    for module, (total, timed_out, survived) in sorted(
        rows.items(), key=lambda row: (row[0] == "total", row)
    ):
        score = 100 * (total - survived) / total
        killed = total - timed_out - survived
        print(f"{module:32} {total:7} {killed:7} {timed_out:10} {survived:9} {score:6.1f}%")
    return score


def _write_survivors(place: Path, results: Mapping[str, int | None]) -> None:
    survived = sorted(name for name, code in results.items() if code in SURVIVED)
    SURVIVORS.parent.mkdir(parents=True, exist_ok=True)
    SURVIVORS.write_text("\n".join(_differences(place, survived)) + "\n", "utf-8")


def _differences(place: Path, names: Iterable[str]) -> Iterator[str]:
    for module, group in groupby(names, key=_module):
        path = Path(f"{PACKAGE}{module}".replace(".", "/"))
        source = path / "__init__.py" if (place / path).is_dir() else path.with_suffix(".py")
        functions = _functions((place / "mutants" / source).read_text("utf-8"))
        for name in group:
            function = name.rpartition(".")[2]
            kept = re.sub(r"__mutmut_\d+$", "__mutmut_orig", function)
            yield f"# {name}"
            yield from unified_diff(
                functions[kept], functions[function], str(source), str(source), "", "", 2, ""
            )


def _functions(source: str) -> dict[str, list[str]]:
    """Return the lines of all functions by name, each without its own name in it."""
    lines = source.splitlines()
    return {
        node.name: [
            line.replace(node.name, re.sub(r"__mutmut_\w+$", "", node.name))
            for line in lines[node.lineno - 1 : node.end_lineno]
        ]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }


if __name__ == "__main__":
    sys.exit(main())
