"""Every story of the scenario files comes true; `story` says how they are written."""

from __future__ import annotations

import pytest

from tests.scenarios import expect, play, story

STORIES = [
    pytest.param(file.path, told, id=f"{file.folder}/{file.name}: {told.story}")
    for file in story.files()
    for told in file.stories
]


@pytest.mark.parametrize(("path", "told"), STORIES)
def test_story(path: str, told: story.Story) -> None:
    """The story of the file comes true; its journal folds to its end, and a second telling adds nothing."""
    stage = play.Stage(play.policy(told.policy))
    title = f"tests/scenarios/{path}: {told.story}"
    for number, step in enumerate(told.steps, 1):
        where = f"{title}\n  step {number}, {step.at} {step.do}"
        try:
            _fail(where, expect.of_step(step, play.do(stage, step), stage))
        except Exception as error:
            error.add_note(where)
            raise
    _fail(f"{title}\n  at the end", expect.of_end(told, stage))
    stage.audit()


def _fail(where: str, differences: list[str]) -> None:
    if differences:
        pytest.fail("\n    ".join([where, *differences]), pytrace=False)


def test_no_title_is_told_twice() -> None:
    """A story is found by its title."""
    titles = [told.story for file in story.files() for told in file.stories]
    assert len(titles) == len(set(titles)), sorted(title for title in titles if titles.count(title) > 1)
