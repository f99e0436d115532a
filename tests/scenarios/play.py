"""Plays a story's steps on the core: the words of `do`, and the checks that hold for every story.

Every input is given a second time at once and at the end; a story's journal is folded and its inputs are
stepped anew. What a story expects of its steps is `expect`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from qosresolve.core.case import Case
from qosresolve.core.facts import ReportForgotten
from qosresolve.core.fold import fold
from qosresolve.core.inputs import Answer, Command, Deadline, Degradation, Finding
from qosresolve.core.report import RING_SIZE
from qosresolve.core.step import step
from qosresolve.core.windows import Window
from tests.core.builders import POLICY, PRODUCT, Product, at, finding, sample
from tests.scenarios.records import amended, values

if TYPE_CHECKING:
    from qosresolve.core.inputs import Input
    from qosresolve.core.policy import Policies, Policy
    from qosresolve.core.step import Step
    from tests.scenarios.story import Fields
    from tests.scenarios.story import Step as Told


@dataclass
class Stage(Product):
    """The product of a story, and the maintenance windows in force."""

    windows: tuple[Window, ...] = ()
    seen: list[Policies] = field(default_factory=list)  # what each input was decided with

    @property
    def policies(self) -> Policies:
        """Return the policy as the only one known, and the windows."""
        plain = super().policies
        return replace(plain, windows=self.windows) if self.windows else plain

    def feed(self, body: Input, now: str | int, *, digest: bytes | None = None) -> Step:
        """Step one input, and see that giving it a second time changes nothing."""
        done = super().feed(body, now, digest=digest)
        self.seen.append(self.policies)
        if not isinstance(body, Deadline):
            self._again(len(self.inputs) - 1)
        return done

    def _again(self, number: int) -> None:
        received, instant = self.inputs[number]
        again = step(self.case, received, self.policies, instant)
        assert not again.facts, f"{received.body} a second time: {again.entry}"
        assert not again.requests

    def audit(self) -> None:
        """See that the journal folds to the case, and that the inputs give it again and then nothing more."""
        folded = stepped = Case(PRODUCT)
        for (received, instant), entry, policies in zip(self.inputs, self.entries, self.seen, strict=True):
            folded = fold(folded, entry)
            done = step(stepped, received, policies, instant)
            assert done.entry == entry, f"stepped anew: {done.entry}, not {entry}"
            stepped = done.case
        assert folded == stepped == self.case, "the fold of the journal is not the case"
        if not any(isinstance(fact, ReportForgotten) for fact in self.facts()):
            self._once_more()

    def _once_more(self) -> None:
        """What changed a report is known by its id, as far back as the ring remembers.

        The watch's ring goes with the watch, as soon as there is nothing left to remember.
        """
        for number, (received, _) in list(enumerate(self.inputs))[-RING_SIZE:]:
            changed = any(getattr(fact, "report_id", "") for fact in self.entries[number].facts)
            if changed and not isinstance(received.body, Deadline):
                self._again(number)


def policy(changes: Fields) -> Policy:
    """Return the plain policy with a story's changes."""
    changed = POLICY
    for path, value in changes.items():
        if path == "without":
            left = tuple(node for node in changed.plan if node.name not in value)
            assert len(left) == len(changed.plan) - len(value), f"not in the plan: {value}"
            changed = replace(changed, plan=left)
        else:
            changed = amended(changed, path, value)
    return changed


def do(stage: Stage, told: Told) -> list[Step]:
    """Do what a step says, and return what came of it. Raises AssertionError where nobody knows how."""
    for pattern, act in _WORDS:
        words = pattern.fullmatch(told.do)
        if words:
            return act(stage, told, *words.groups(default=""))
    raise AssertionError(f"nobody knows how to: {told.do}")


# -- the words of `do`


def _measured(stage: Stage, told: Told, indicator: str, target: str, severity: str) -> list[Step]:
    return [stage.feed(_event(told, told.with_, indicator, target, severity), told.at)]


def _event(told: Told, changes: Fields, indicator: str, target: str, severity: str) -> Degradation:
    event = sample(told.sampled or told.at, severity, indicator=indicator, object_id=target)
    return replace(event, **values(Degradation, changes))


def _found(stage: Stage, told: Told, source: str, kind: str, entity: str, party: str) -> list[Step]:
    number = len(stage.entries)
    result = finding(kind, entity, party=party, sequence=number, source=source, clock=told.at)
    result = replace(result, **values(Finding, told.with_))
    return [stage.command(told.at, "finding", finding=result)]


def _answered(stage: Stage, told: Told, node: str, target: str, state: str) -> list[Step]:
    more = values(Answer, told.with_)
    more.setdefault("obligation_id", _obligation(stage, node, target))
    return [stage.answer(told.at, node, state, **more)]


def _obligation(stage: Stage, node: str, target: str) -> str:
    """Return the id of the newest obligation of a node, of those for a target where one is named."""
    asked = [item for report in stage.case.reports for item in report.obligations if item.node == node]
    wanted = [item for item in asked if target in ("", item.target, item.party)]
    assert wanted, f"nothing of {node} {target} is there: {[(item.node, item.target) for item in asked]}"
    return wanted[-1].obligation_id


def _commanded(stage: Stage, told: Told, _: str, verb: str, node: str, target: str) -> list[Step]:
    told_too = dict(told.with_)
    told_too |= {"at": told_too.pop("stated")} if "stated" in told_too else {}
    if "report" in told_too:
        told_too["report_id"] = stage.case.reports[told_too.pop("report") - 1].report_id
    more = values(Command, told_too)
    if node:
        more["obligation_id"] = _obligation(stage, node, target)
    return [stage.command(told.at, verb, **more)]


def _handed_over(stage: Stage, told: Told, actor: str, *what: str) -> list[Step]:
    order = {name: value for name, value in told.with_.items() if name in ("role", "value", "reason")}
    changes = {name: value for name, value in told.with_.items() if name not in order}
    handed = _event(told, {"source": actor} | changes, *what)
    return [stage.command(told.at, "open", degradation=handed, **values(Command, order))]


def _again(stage: Stage, told: Told) -> list[Step]:
    return [stage.feed(stage.inputs[-1][0].body, told.at, digest=stage.inputs[-1][0].digest)]


def _other_body(stage: Stage, told: Told) -> list[Step]:
    return [stage.feed(stage.inputs[-1][0].body, told.at, digest=b"else")]


def _timer(stage: Stage, told: Told, what: str) -> list[Step]:
    if what == "runs":
        return stage.run_until(told.at)
    if what == "wakes late":
        return [stage.wake_at(told.at)]
    alarm = stage.next_alarm()
    assert alarm is not None, "nothing is armed"
    if what == "fires an old alarm":
        alarm = Deadline(PRODUCT, alarm.report_id, alarm.alarm - 1, at(told.at))
    if what == "fires for something gone":
        alarm = replace(alarm, report_id="gone")
    return [stage.feed(alarm, told.at)]


def _window(stage: Stage, told: Told, name: str, start: str, end: str) -> list[Step]:
    """Enter a window, or enter it anew with another span: no input of the product."""
    scope = values(Window, told.with_)
    entered = Window(name, at(told.at), ((at(start), at(end)),), **scope)
    stage.windows = (*_until(stage, name, at(told.at)), entered)
    return []


def _lifted(stage: Stage, told: Told, name: str) -> list[Step]:
    stage.windows = _until(stage, name, at(told.at))
    return []


def _until(stage: Stage, name: str, instant: int) -> tuple[Window, ...]:
    """Return the windows with one of them ended at an instant: what it did before stays."""
    return tuple(
        replace(window, lifted_at=instant)
        if window.window_id == name and window.lifted_at is None
        else window
        for window in stage.windows
    )


_CLOCK = r"(?:\+\d+ )?\d+:\d\d"
_WORDS: tuple[tuple[re.Pattern[str], Callable[..., list[Step]]], ...] = tuple(
    (re.compile(pattern), act)
    for pattern, act in (
        (r"the same again", _again),
        (r"the same id with another body", _other_body),
        (r"the timer (runs|wakes late|fires early|fires an old alarm|fires for something gone)", _timer),
        (rf"a window (\S+) from ({_CLOCK}) to ({_CLOCK})", _window),
        (r"the window (\S+) is lifted", _lifted),
        (r"(\S+) on (\S+) is (\S+)", _measured),
        (r"(\S+) hands over (\S+) on (\S+) as (\S+)", _handed_over),
        (r"(\S+) finds (\S+)(?: (\S+))?(?: of (\S+))?", _found),
        (r"(\S+)(?: for (\S+))? answers (\S+)", _answered),
        (r"(\S+) commands (\S+)(?: of (\S+))?(?: for (\S+))?", _commanded),
    )
)
