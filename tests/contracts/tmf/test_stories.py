"""Everything that the stories of `tests/scenarios` send or note is right in both versions of the APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qosresolve.core.requests import (
    Action,
    ActivityRequest,
    EscalationNotice,
    SupplierRequest,
    TroubleRequest,
)
from tests.contracts.tmf.validation import check
from tests.scenarios import play, story

if TYPE_CHECKING:
    from qosresolve.core.requests import Request

ASKED = {(kind, action) for kind in (ActivityRequest, TroubleRequest, SupplierRequest) for action in Action}
SELDOM = {(ActivityRequest, Action.ANSWER)}  # no story answers a question of our own; `test_documents` does
CALLED = {(EscalationNotice, True), (EscalationNotice, False)}


class Stage(play.Stage):
    """A stage where nothing is told twice: that is for the scenarios' own test."""

    def _again(self, number: int) -> None:
        pass


@pytest.mark.slow
def test_what_the_stories_send_validates() -> None:
    """Every request and every journal entry of every story validates, in v4 and v5; no kind is missing."""
    seen: set[object] = set()
    for file in story.files():
        for told in file.stories:
            stage = _played(file, told)
            seen |= {_kind(request) for request in stage.requests}
    assert seen >= (ASKED | CALLED) - SELDOM


def _played(file: story.StoryFile, told: story.Story) -> Stage:
    stage = Stage(play.policy(told.policy))
    for step in told.steps:
        play.do(stage, step)
    try:
        check(stage.requests, stage.entries)
    except AssertionError as error:
        error.add_note(f"tests/scenarios/{file.path}: {told.story}")
        raise
    return stage


def _kind(request: Request) -> tuple[type[Request], object]:
    return type(request), request.raised if isinstance(request, EscalationNotice) else request.action
