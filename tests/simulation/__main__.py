"""`python -m tests.simulation --seed N`: one run, many of them, or one with a protection turned off."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tests.simulation import driver
from tests.simulation.campaign import LENGTH, Broken, campaign
from tests.simulation.driver import Options, Result
from tests.simulation.ending import ENDINGS
from tests.simulation.protections import BY_NAME, options_without

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 1 when something that must hold did not."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the seed; of many runs the first")
    many = parser.add_mutually_exclusive_group()
    many.add_argument("--steps", type=int, help="run seed after seed until so many steps were made")
    many.add_argument("--minutes", type=float, help="or for so long")
    parser.add_argument("--jobs", type=int, default=2, help="how many runs at a time")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first failure")
    parser.add_argument("--protection-off", choices=sorted(BY_NAME), help="one run without a protection")
    parser.add_argument("--ending", choices=sorted(ENDINGS), default="", help="how the run ends")
    parser.add_argument("--trace", action="store_true", help="print everything that happens")
    given = parser.parse_args(arguments)
    if given.steps is None and given.minutes is None:
        return _one(given)
    seconds = None if given.minutes is None else given.minutes * 60
    tally = campaign(given.seed, given.steps or 0, seconds, given.jobs, keep_going=given.keep_going)
    for failed in tally.failed:
        _tell(failed, "")
    return 1 if tally.failed else 0


def _one(given: argparse.Namespace) -> int:
    show = _print if given.trace else None
    if given.protection_off:
        options = options_without(BY_NAME[given.protection_off], show)
    else:
        options = Options(steps=LENGTH, ending=given.ending, show=show)
    result = driver.run(given.seed, options)
    _print(
        f"seed {result.seed}: {result.steps:,} steps, {result.virtual_s:.0f} s of virtual time, "
        f"{result.blows} faults, {result.sent:,} sent, {result.entries:,} journaled, "
        f"ending {result.ending or 'not reached'}, trace {result.digest}"
    )
    if result.violation is None:
        return 0
    _tell(result, f" --protection-off {given.protection_off}" if given.protection_off else "")
    return 1


def _tell(failed: Result | Broken, more: str) -> None:
    """Write what failed, what happened last, and how to see it again."""
    if isinstance(failed, Broken):
        _print(failed.told)
    else:
        _print("\n".join(failed.trace))
        _print(f"{failed.violation}")
    _print(f"replay: python -m tests.simulation --seed {failed.seed}{more}")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    raise SystemExit(main())
