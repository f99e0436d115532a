"""Runs the scenario files: each tells a story of one product in the words of a level-4 process.

A step says when (`at`), what happens (`do`), and what is expected of it: `outcome`, `rule`, `facts` and
`asks` (all of them, in this order, others may lie between), `never` (facts that must not come), `nothing`
(neither facts nor requests), `status`. `report` at the end names fields of the newest report. Times are hours
of Monday 2 March 2026.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from qosresolve.core.inputs import Deadline
from qosresolve.core.policy import IndicatorRule
from qosresolve.core.requests import ActivityRequest, EscalationNotice, Request, TroubleRequest
from qosresolve.core.vocabulary import Severity
from tests.core.builders import MINUTE, POLICY, PRODUCT, Product, at, finding, names, sample, with_times

if TYPE_CHECKING:
    from qosresolve.core.policy import Policy
    from qosresolve.core.step import Step

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.yaml"))
STORIES = [
    pytest.param(story, id=f"{path.parent.name}: {story['story']}")
    for path in FILES
    for story in yaml.safe_load(path.read_text(encoding="utf-8"))
]
_CLOCK = re.compile(r"(\+\d+ )?\d+:\d\d$")


@pytest.mark.parametrize("story", STORIES)
def test_story(story: dict[str, Any]) -> None:
    """The story of the file comes true."""
    product = Product(_policy(story.get("policy", {})))
    for number, told in enumerate(story["steps"], 1):
        _expect(product, told, _do(product, told), f"step {number}, {told['at']} {told['do']}")
    for path, wanted in story.get("report", {}).items():
        found: Any = product.report
        for name in path.split("."):
            found = found[int(name)] if name.isdecimal() else getattr(found, name)
        assert found == _value(wanted), f"{path} is {found!r}, not {wanted!r}"


def _policy(changes: dict[str, Any]) -> Policy:
    """Return the plain policy with a story's changes: waits in minutes, or the debounce."""
    waits = {name: minutes for name, minutes in changes.items() if name not in ("clear_after", "without")}
    policy = with_times(**waits)
    if "clear_after" in changes:
        rule = IndicatorRule(changes["clear_after"] * MINUTE, Severity.WARNING)
        policy = replace(policy, default_indicator=rule)
    left = tuple(node for node in POLICY.plan if node.name not in changes.get("without", ()))
    return replace(policy, plan=left)


def _value(wanted: object) -> object:
    return at(wanted) if isinstance(wanted, str) and _CLOCK.match(wanted) else wanted


def _do(product: Product, told: dict[str, Any]) -> list[Step]:
    now, words = told["at"], told["do"].split()
    if words[:2] == ["the", "timer"]:
        return _timer(product, now, " ".join(words[2:]))
    return [_one(product, now, words, told)]


def _timer(product: Product, now: str, what: str) -> list[Step]:
    if what == "runs":
        return product.run_until(now)
    if what == "wakes late":
        return [product.wake_at(now)]
    alarm = product.next_alarm()
    assert alarm is not None, "nothing is armed"
    old = Deadline(PRODUCT, alarm.report_id, alarm.alarm - 1, at(now))
    return [product.feed({"fires early": alarm, "fires an old alarm": old}[what], now)]


def _one(product: Product, now: str, words: list[str], told: dict[str, Any]) -> Step:
    match words:
        case ["the", "same", "again"]:
            done = product.feed(product.inputs[-1][0].body, now)
        case ["the", "same", "id", "with", "another", "body"]:
            done = product.feed(product.inputs[-1][0].body, now, digest=b"else")
        case [indicator, "on", target, "is", severity]:
            names_it = {"indicator": indicator, "object_id": target} | told.get("with", {})
            done = product.feed(sample(told.get("sampled", now), severity, **names_it), now)
        case [source, "finds", kind, *rest]:
            entity, party = rest[0] if rest else "", rest[2] if len(rest) > 2 else ""
            done = product.find(now, kind, entity, party=party, source=source)
        case [node, "answers", state]:
            done = product.answer(now, node, state, **_more(told))
        case [_, "commands", verb]:
            done = product.command(now, verb, **_more(told))
        case _:
            raise AssertionError(f"nobody knows how to: {told['do']}")
    return done


def _more(told: dict[str, Any]) -> dict[str, Any]:
    more: dict[str, Any] = {name: _value(value) for name, value in told.get("with", {}).items()}
    if "finding" in more:
        more["finding"] = finding("service", "svc-9", source=more["finding"])
    return {("at" if name == "stated" else name): value for name, value in more.items()}


def _expect(product: Product, told: dict[str, Any], steps: list[Step], where: str) -> None:
    facts = [name for done in steps for name in names(done)]
    asked = [_words(request) for done in steps for request in done.requests]
    _in_order(told.get("facts", []), facts, where)
    _in_order(told.get("asks", []), asked, where)
    assert not set(told.get("never", [])) & set(facts), f"{where}: {facts}"
    if told.get("nothing"):
        assert (facts, asked) == ([], []), where
    if "outcome" in told:
        assert steps[-1].entry.outcome == told["outcome"], f"{where}: {steps[-1].entry}"
    if "rule" in told:
        assert steps[-1].entry.rule == told["rule"], f"{where}: {steps[-1].entry}"
    if "status" in told:
        assert product.report.status == told["status"], where


def _in_order(wanted: list[str], found: list[str], where: str) -> None:
    rest = iter(found)
    assert all(item in rest for item in wanted), f"{where}: wanted {wanted}, found {found}"


def _words(request: Request) -> str:
    """Return a request in the words of the stories."""
    if isinstance(request, EscalationNotice):
        return f"call {request.target} at {request.level}" if request.raised else "end the call"
    if isinstance(request, ActivityRequest):
        return f"{request.action} {request.node}"
    if isinstance(request, TroubleRequest):
        return f"{request.action} trouble on {request.service_id}"
    return f"{request.action} {request.contact} for {request.component}"
