"""What is shown: breach-first, in words, and the same words on a line."""

from io import StringIO

import pytest
from rich.console import Console

from qosresolve.core import facts as f
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import ClockName, Jeopardy, Outcome, Status
from qosresolve.demo import telling
from qosresolve.demo.scene import Scene
from qosresolve.demo.view import Lines, table
from tests.demo.builders import NOW, entry, report, status

RAISED = f.EscalationRaised(
    "report-p", "e-1", 2, Jeopardy.AT_RISK, ClockName.RESTORE, NOW, "duty-manager", NOW, None, 0, "80 %"
)
REACHED = f.ThresholdReached("report-p", ClockName.RESTORE, 80, 2, NOW, (50,))


def scene() -> Scene:
    """One report of each sort, in no order."""
    made = Scene()
    made.report(report("closed", status=Status.CLOSED))
    made.report(report("restored"))
    made.report(report("calm", left=60_000))
    made.report(report("cleared", status=Status.CLEARED))
    made.report(report("late", left=-3_200, level=3))
    made.report(report("hurried", left=4_000, level=1))
    made.report(report("later", left=-9_000, level=4))
    return made


def test_rows_are_breach_first() -> None:
    """By the time left, then what is restored, then what waits for Close, then what ended."""
    rows = scene().rows(NOW)
    assert [row.product for row in rows] == [
        "later", "late", "hurried", "calm", "restored", "cleared", "closed",
    ]  # fmt: skip
    assert [row.left for row in rows] == [
        "9.0 s over", "3.2 s over", "4.0 s", "60.0 s", "in time", "in time", "in time",
    ]  # fmt: skip


def test_jeopardy_is_a_word_beside_its_colour() -> None:
    """Level and all."""
    rows = {row.product: row for row in scene().rows(NOW)}
    assert rows["late"].jeopardy == "BREACHED, level 3"
    assert rows["hurried"].jeopardy == "at risk, level 1"
    assert rows["cleared"].waiting == "Close"


def test_the_header_counts() -> None:
    """Open reports by jeopardy, ended ones by status, what was sent from the journal."""
    made = scene()
    made.entry(entry(f.ObligationRequested("report-late", "o", NOW, "desk", NOW, NOW), RAISED))
    assert made.header() == (
        "5 open (1 at risk, 2 breached), 1 cleared, 1 closed, 0 cancelled; 1 requests sent, 1 escalations"
    )


@pytest.mark.parametrize("width", [80, 119, 120, 150, 200])
def test_the_table_fits_the_screen(width: int) -> None:
    """No line is wider than the screen, the most urgent rows are kept, and what is left out is counted."""
    console = Console(file=StringIO(), width=width, height=12, force_terminal=False)
    with console.capture() as captured:
        console.print(table(scene().rows(NOW), width, 12))
    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= width
    assert any("9.0 s over" in line for line in lines)
    assert lines[-1].strip() == "and 2 more, less urgent"


def test_an_entry_is_one_line() -> None:
    """All that one input set going is told together, with the second of the story."""
    console = Console(file=StringIO(), width=80, force_terminal=False)
    with console.capture() as captured, Lines(console, NOW - 7_400) as lines:
        lines.show(Scene(), [entry(REACHED, RAISED, product="vpn-1")])
    assert captured.get() == (
        "  7.4 s  vpn-1             80 % of the restore target has passed, "
        "escalated to level 2, duty-manager\n"
    )


def test_routine_is_no_news() -> None:
    """Neither an accepted activity nor a request for one; a duplicate is, and what is silenced only once."""
    asked = f.ObligationRequested("report-p", "o", NOW, "desk", NOW, NOW)
    assert not telling.newsworthy(entry(asked))
    again = entry(rule=Rule.ALREADY_SEEN, outcome=Outcome.NO_OP)
    assert telling.newsworthy(again)
    assert telling.told(again) == "the same event again: dropped"
    console = Console(file=StringIO(), width=80, force_terminal=False)
    silenced = entry(rule=Rule.SUPPRESSED, outcome=Outcome.ANNOTATION)
    with console.capture() as captured, Lines(console, NOW) as lines:
        lines.show(Scene(), [silenced, silenced])
    assert captured.get().count("silenced") == 1


def test_a_status_is_told_with_its_actor() -> None:
    """What ends is in capitals, what goes on gives its reason."""
    assert telling.told(entry(status(Status.CLOSED, Status.CLEARED, actor="close-process"))) == (
        "CLOSED by close-process"
    )
    assert telling.told(entry(status(Status.PENDING, reason="waiting for acme"))) == "waiting for acme"
