"""What comes of every product in the end; what holds on the way is `machine`'s and `invariants`' business."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import settings

from qosresolve.core.case import Case
from qosresolve.core.vocabulary import Status, Verb
from tests.core.builders import DAY, PRODUCT, command
from tests.core.machine import Machine, run

if TYPE_CHECKING:
    from qosresolve.core.report import Report


class Mortal(Machine):
    """A product that has had its history, whatever it was, and is left in peace."""

    def teardown(self) -> None:
        """Let windows pass, clear and close what is there, and wait: what still waited may open once more."""
        if not self.sound:
            return
        self.now += 2 * DAY
        for _ in range(2):
            self._punctual(DAY)
            for report in self.case.reports:
                self._bury(report)
            self._punctual(9 * DAY)
        assert self.case == Case(PRODUCT), "something is remembered for ever"

    def _bury(self, report: Report) -> None:
        if report.open:
            self._say(Verb.CLEAR, "operator", report)
        held = self.case.report(report.report_id)
        if held is not None and held.status is Status.CLEARED:
            self._say(Verb.CLOSE, "close", report)

    def _say(self, verb: Verb, role: str, report: Report) -> None:
        word = command(verb, command_id=f"end-{len(self.entries)}", role=role)
        self.feed(replace(word, report_id=report.report_id), f"command {verb}")


def test_whatever_happened_is_forgotten_in_the_end() -> None:
    """Cleared, closed and left alone, no product keeps a report, a watch or an alarm."""
    run(Mortal, histories=settings().max_examples // 4, length=25)
