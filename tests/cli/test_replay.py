"""`replay` on the command line without a broker: what is asked, how it is shown, and the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from qosresolve.cli.replay import asking
from qosresolve.cli.replay.page import written
from qosresolve.cli.replay.timeline import drawn
from qosresolve.cli.replay.view import summary
from qosresolve.cli.times import now_ms
from qosresolve.errors import ConfigError
from qosresolve.replay.rerun.counts import Counts
from qosresolve.replay.rerun.decisions import Decision, Kind
from qosresolve.replay.rerun.differences import About, Line, Pair, Verdict
from qosresolve.replay.rerun.question import Bound, Question
from qosresolve.settings import Settings, load
from tests.cli.conftest import Run
from tests.core.builders import MINUTE, MONDAY

HOSTILE = "<script>alert('1')</script>\"&"
SETTINGS = load(overrides=["prefix=p."])


def line(*pairs: Pair, product: str = "P1", **more: str) -> Line:
    return Line(About(product, "report-1", **more), pairs)


def pair(verdict: Verdict, recorded: int | None, replayed: int | None, what: str = "level 2") -> Pair:
    def side(at: int | None) -> Decision | None:
        return None if at is None else Decision(Kind.ESCALATED, what, at, "lead")

    return Pair(side(recorded), side(replayed), verdict)


ALL = (
    pair(Verdict.SAME, MONDAY, MONDAY),
    pair(Verdict.LATER, MONDAY, MONDAY + 5 * MINUTE),
    pair(Verdict.MISSING, MONDAY + MINUTE, None, HOSTILE),
    pair(Verdict.NEW, None, MONDAY + MINUTE),
)


# -- asking


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("", Bound()),
        ("2026-03-02T00:00:00Z", Bound(at=MONDAY)),
        (str(MONDAY), Bound(at=MONDAY)),
        ("p.qos.degradation.v1/3/17", Bound(where=("p.qos.degradation.v1", 3, 17))),
    ],
)
def test_a_bound_is_an_instant_or_the_place_of_an_input(text: str, bound: Bound) -> None:
    """As the journal and every table name them."""
    assert asking.bound(SETTINGS, text, "--from") == bound


def test_a_bound_may_be_a_time_ago() -> None:
    """At three in the morning nobody writes an instant."""
    before = now_ms()
    at = asking.bound(SETTINGS, "1h30m", "--from").at
    assert at is not None
    assert before - 90 * MINUTE <= at <= now_ms() - 90 * MINUTE


@pytest.mark.parametrize(
    "text",
    ["yesterday", "5x", "qos.degradation.v1/3/17", "p.qos.degradation.v1/3", "p.qos.report.v1/0/1", "a/b/c"],
)
def test_a_bound_that_cannot_be_meant_names_its_option(text: str) -> None:
    """With what to write instead."""
    with pytest.raises(ConfigError, match=r"--to: .*(?s:.)*remedy"):
        asking.bound(SETTINGS, text, "--to")


def ask(**changes: str) -> Question:
    names = {"product": "", "report": "", "customer": "", "tier": ""}
    bounds = changes.pop("since", ""), changes.pop("until", "")
    policy = changes.pop("policy", "")
    return asking.question(
        SETTINGS,
        bounds=bounds,
        names=names | changes,
        policy=policy.encode() or None,
        tolerance="10s",
        whole=False,
    )


def test_tolerance_is_for_another_policy_alone() -> None:
    """The recorded deadlines are taken as they came: there nothing may differ by a millisecond."""
    assert ask().tolerance == 0
    assert ask(policy="{}").tolerance == 10_000


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    """It would be an empty one without a word."""
    with pytest.raises(ConfigError, match="--from"):
        ask(since="2026-03-02T00:00:00Z", until="2026-03-01T00:00:00Z")


def test_a_shadow_has_settings_of_its_own(tmp_path: Path) -> None:
    """Its prefix always, brokers and credentials where a file names them; a file alone is a mistake."""
    file = tmp_path / "into.toml"
    file.write_text('bootstrap_servers = "lab:9092"\n', encoding="utf-8")
    assert asking.shadow(SETTINGS, "", None) is None
    mine = asking.shadow(SETTINGS, "shadow.", None)
    theirs = asking.shadow(SETTINGS, "shadow.", file)
    assert isinstance(mine, Settings)
    assert isinstance(theirs, Settings)
    assert (mine.prefix, mine.bootstrap_servers) == ("shadow.", SETTINGS.bootstrap_servers)
    assert (theirs.prefix, theirs.bootstrap_servers) == ("shadow.", "lab:9092")
    with pytest.raises(ConfigError, match="--into"):
        asking.shadow(SETTINGS, "", file)
    with pytest.raises(ConfigError, match="prefix"):
        asking.shadow(SETTINGS, "not a prefix", None)


def test_help_has_examples_and_a_bad_file_is_told(cli: Run) -> None:
    """Exit status 2 says that nothing could be told; the policy is read before any broker is asked."""
    assert "qosresolve replay --config" in cli("replay", "--help").stdout
    done = cli("replay", "--policy", "/nowhere/policy.yaml")
    assert done.exit_code == 2
    assert "/nowhere/policy.yaml" in done.stderr


# -- telling


def test_the_last_line_says_what_was_done() -> None:
    """Inputs, rate, and what came of it; that some are unprovable is never left out."""
    counts = Counts(partitions=2, folded=10, replayed=90, same=90)
    assert summary(counts, Question(), 2.0).endswith("90 inputs replayed in 2.0 s (50/s): nothing differs")
    counts.unprovable = 3
    assert "3 products unprovable" in summary(counts, Question(), 2.0)
    counts.reports, counts.entries = 1, 4
    assert "1 reports differ, 4 entries differ, 3 products unprovable" in summary(counts, Question(), 2.0)
    counts.entries, counts.told, counts.fired = 0, 7, 8
    assert "7 recorded deadlines left out for 8 that fired" in summary(counts, Question(policy=b"{}"), 2.0)


class Page(HTMLParser):
    """What a browser would see: elements, what they refer to, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.references: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.references += [
            value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "data")
        ]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_stands_alone_and_escapes_what_came_from_outside() -> None:
    """No script, nothing that is fetched; ids and texts of others are shown, never obeyed."""
    told = line(*ALL, product=HOSTILE, customer_id=HOSTILE, replayed_id="report-2", tier="gold")
    page = written([told], Counts(reports=1, replayed=7), Question(product=HOSTILE))
    seen = Page(page)
    assert "script" not in seen.elements
    assert seen.references == []
    assert not re.search(r"url\(|@import|http", page)
    assert seen.text.count(HOSTILE) >= 4
    assert "opened by another record in the replay, as report-2" in seen.text
    assert seen.elements.count("svg") == 1


def test_the_page_says_how_many_it_leaves_out() -> None:
    """A page of fifty timelines does not pretend that there are no more."""
    assert "4 more reports differ" in written([line(*ALL)], Counts(reports=5), Question())
    assert "more reports" not in written([line(*ALL)], Counts(reports=1), Question())
    assert "No report differs" in written([], Counts(), Question(policy=b"{}"))


def test_a_timeline_has_each_decision_on_its_side() -> None:
    """Recorded above the axis, replayed below; numbers only for what differs, a line between the two."""
    drawing = drawn(line(*ALL))
    marks = re.findall(r'<g class="(\w+)"><title>.*?</title><circle cx="([\d.]+)" cy="([\d.]+)"', drawing)
    assert sorted(word for word, _, _ in marks) == ["later", "later", "missing", "new", "same", "same"]
    axis = float(re.findall(r'y1="(\d+)"', drawing)[0])
    sides = {
        word: [float(y) < axis for name, _, y in marks if name == word]
        for word in ("missing", "new", "later")
    }
    assert sides == {"missing": [True], "new": [False], "later": [True, False]}
    assert len(re.findall("<path", drawing)) == 1
    assert sorted(re.findall(r">(\d)</text>", drawing)) == ["1", "1", "2", "3"]


def test_marks_that_would_cover_each_other_are_stacked() -> None:
    """Ten calls at one instant are ten marks in ten places."""
    drawing = drawn(line(*(pair(Verdict.MISSING, MONDAY, None, f"level {n}") for n in range(10))))
    places = re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', drawing)
    assert len(set(places)) == 10


def test_a_clock_without_a_deadline_is_not_drawn() -> None:
    """An instant that there is not has no place on the axis."""
    never = Pair(Decision(Kind.DUE, "restore", 0), None, Verdict.MISSING)
    assert drawn(line(never)) == ""
    assert "no deadline" in written([line(never)], Counts(reports=1), Question())
