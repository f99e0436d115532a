"""Checks are made one by one, within their time, and none hides the others."""

import threading
from collections.abc import Iterator
from typing import cast

import pytest

from qosresolve.cli.doctor import view
from qosresolve.cli.doctor.question import asked
from qosresolve.contracts.records import Contracts
from qosresolve.errors import ConfigError, FatalError, RetriableError
from qosresolve.replay.doctor.examine import CHECKS, Check, Seen, examine
from qosresolve.replay.doctor.findings import NOT_LOOKED, WELL, Finding, Kind, Severity, lasting
from qosresolve.replay.doctor.site import Site
from tests.replay.doctor.described import settings

BAD = Kind("bad", Severity.CRITICAL, "it is bad", "mend --at $BOOTSTRAP --group $GROUP", "docs/x.md")
MEH = Kind("meh", Severity.WARNING, "it is not good", "", "docs/x.md")
BY_THE_WAY = Kind("by-the-way", Severity.NOTE, "it is so", "", "docs/x.md")


def site() -> Site:
    """Return a site that nobody asks."""
    return Site(settings(), cast("Contracts", None), 0)


def check(name: str, *found: Kind, raising: Exception | None = None) -> Check:
    """Return a check that finds, or fails."""

    def look(_: Site) -> Iterator[Finding]:
        """Is it well?"""
        if raising is not None:
            raise raising
        return iter([kind.found(name, "seen") for kind in found])

    return Check(name, look, found)


def made(*checks: Check, limit_s: float = 10.0) -> list[Seen]:
    """Make checks without telling anybody how far they are."""
    return examine(site(), checks, limit_s, lambda *_: None)


def test_the_worst_comes_first_and_a_check_without_findings_is_told_too() -> None:
    """Sorted by severity over all checks."""
    found = made(check("a"), check("b", BY_THE_WAY, BAD), check("c", MEH))
    assert [seen.finding.severity for seen in found] == ["critical", "warning", "note", "ok"]
    assert (found[-1].finding.kind, found[-1].finding.seen) == (WELL, "Is it well?")


@pytest.mark.parametrize(
    "error", [RetriableError("nobody answers"), FatalError("stalled"), TimeoutError("slow"), KeyError("x")]
)
def test_a_check_that_fails_is_a_finding_and_the_others_are_made(error: Exception) -> None:
    """Whatever it raises: known errors, the system's, and faults of its own."""
    found = made(check("a", raising=error), check("b", BAD))
    assert [(seen.check.name, seen.finding.kind) for seen in found] == [("b", BAD), ("a", NOT_LOOKED)]
    assert str(error.args[0]) in found[1].finding.seen


def test_a_check_that_takes_too_long_is_left_alone() -> None:
    """The next one begins; whoever was given up can see it, the others cannot."""
    done, told = threading.Event(), threading.Event()

    def slow(where: Site) -> Iterator[Finding]:
        while not where.late:
            done.wait(0.01)
        told.set()
        return iter([BAD.found("slow", "too late")])

    where = site()
    found = examine(where, [Check("slow", slow, (BAD,)), check("b")], 0.2, lambda *_: None)
    assert [seen.finding.kind for seen in found] == [NOT_LOOKED, WELL]
    assert told.wait(10)
    assert not where.late


@pytest.mark.parametrize(
    ("kinds", "status", "first"),
    [
        ([], 0, "all well: 0 critical, 0 warnings, 0 notes, 1 checks without a finding"),
        ([BY_THE_WAY], 0, "all well: 0 critical, 0 warnings, 1 notes, 0 checks without a finding"),
        ([MEH], 1, "not well: 0 critical, 1 warnings"),
        ([BAD, BY_THE_WAY], 1, "not well: 1 critical, 0 warnings, 1 notes"),
    ],
)
def test_the_status_and_the_verdict(kinds: list[Kind], status: int, first: str) -> None:
    """Notes are well; a warning is not."""
    found = made(check("a", *kinds))
    assert view.status_of(found) == status
    assert view.verdict(found).startswith(first)


def test_not_everything_seen_is_another_status() -> None:
    """2 where nothing bad was found but not all was looked at; what is bad counts more."""
    blind = check("blind", raising=RetriableError("away"))
    assert view.status_of(made(blind, check("a"))) == 2
    assert view.status_of(made(blind, check("a", BAD))) == 1
    assert view.verdict(made(blind, check("a"))).startswith("not known: ")
    assert view.verdict(made(blind)).endswith("could not be looked at: blind")


def test_the_command_names_these_brokers_and_this_group(capsys: pytest.CaptureFixture[str]) -> None:
    """It can be run as it is shown."""
    ours = settings("bootstrap_servers=b:1", "group=g")
    assert view.shown(made(check("a", BAD)), ours, as_json=True) == 1
    assert '"command": "mend --at b:1 --group g"' in capsys.readouterr().out


def test_only_some_checks() -> None:
    """In the order of the table; a name that is none is refused with those that are."""
    assert [each.name for each in asked("2d", ["lag", "brokers"]).checks] == ["brokers", "lag"]
    assert asked("36h", []).checks == CHECKS
    assert asked("36h", []).outage_ms == 129_600_000
    with pytest.raises(ConfigError, match="one of brokers, topics"):
        asked("1h", ["lags"])
    with pytest.raises(ConfigError, match=r"--outage.*not a duration"):
        asked("soon", [])


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (500, "500 ms"),
        (90_000, "90 s"),
        (9.5 * 60_000, "9.5 min"),
        (129_600_000, "36 h"),
        (14 * 86_400_000, "14 d"),
    ],
)
def test_durations_are_told_in_one_unit(duration: float, words: str) -> None:
    """Two digits are enough for a person."""
    assert lasting(duration) == words
