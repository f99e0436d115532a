"""`make audit`: is anything known against what the locks name? What could not be asked is no answer.

pip-audit ends with 0 where its source knew not one package (a mirror without advisories, say): not here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

VULNERABLE, NOT_ASKED = 1, 3
_REACH = (
    "advisories come from the JSON API of the package index, which many "
    "mirrors lack, or with SERVICE=osv from https://api.osv.dev: run this where one of them can be reached"
)


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found of one lock; `why` is the first reason for which something could not be asked."""

    known: int
    vulnerable: tuple[str, ...]
    unknown: tuple[str, ...]
    why: str = ""

    @property
    def exit_status(self) -> int:
        """0: everything was asked for, and nothing is known against it."""
        if self.vulnerable:
            return VULNERABLE
        return NOT_ASKED if self.unknown or not self.known else 0


def judged(report: str, told: str = "") -> Audit:
    """Return what pip-audit's JSON says; without any, what it told instead is the reason."""
    try:
        found: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        lines = [line for line in told.splitlines() if line.strip()]
        return Audit(0, (), (), lines[-1] if lines else "pip-audit told nothing")
    skipped = [item for item in found if "skip_reason" in item]
    asked = [item for item in found if "skip_reason" not in item]
    vulnerable = tuple(
        f"{item['name']} {item['version']}: {', '.join(_names(item['vulns']))}"
        for item in asked
        if item["vulns"]
    )
    why = str(skipped[0]["skip_reason"]) if skipped else ""
    return Audit(len(asked), vulnerable, tuple(str(item["name"]) for item in skipped), why)


def _names(vulnerabilities: list[dict[str, Any]]) -> list[str]:
    return [
        f"{item['id']} (mended in {', '.join(item['fix_versions']) or 'no version'})"
        for item in vulnerabilities
    ]


def lines(lock: str, audit: Audit) -> list[str]:
    """Return what there is to say of a lock."""
    said = [f"{lock}: VULNERABLE: {one}" for one in audit.vulnerable]
    if audit.unknown or not audit.known:
        many = f"{len(audit.unknown)} of {len(audit.unknown) + audit.known} packages"
        what = f"{many} could not be asked for" if audit.unknown else "nothing could be asked for"
        said += [f"{lock}: NOT AUDITED: {what}; first: {audit.why}", f"  remedy: {_REACH}"]
    elif not said:
        said = [f"{lock}: {audit.known} packages, nothing known against them"]
    return said


def ask(program: str, service: str, lock: str) -> Audit:
    """Run pip-audit on a lock: what its hashes name, and no more, so nothing is resolved or installed."""
    words = [program, "--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"]
    done = subprocess.run(
        [*words, "--vulnerability-service", service, "--requirement", lock],
        capture_output=True,
        text=True,
        check=False,
    )
    return judged(done.stdout, done.stderr)


def main(program: str, service: str, *locks: str) -> int:
    """Ask for each lock; return the exit status: 1 vulnerable, 3 not asked, 0 neither."""
    statuses = set()
    for lock in locks:
        audit = ask(program, service, lock)
        statuses.add(audit.exit_status)
        print(*lines(lock, audit), sep="\n")
    return next((status for status in (VULNERABLE, NOT_ASKED) if status in statuses), 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
