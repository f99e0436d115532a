"""How a story's plain YAML becomes the core's records."""

from __future__ import annotations

import pytest

from qosresolve.core.vocabulary import RootCauseKind, Severity
from tests.core.builders import HOUR, MINUTE, POLICY, at
from tests.scenarios.records import amended, milliseconds
from tests.scenarios.story import read


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10:00", at("10:00")),
        ("+1 10:00", at("+1 10:00")),
        ("30m", 30 * MINUTE),
        ("1h 30m", 90 * MINUTE),
        ("", None),
        ("soon", None),
    ],
)
def test_times_and_durations(text: str, number: int | None) -> None:
    """An instant, a length, or neither."""
    assert milliseconds(text) == number


def test_a_policy_is_changed_at_a_path() -> None:
    """Fields, keys of mappings and the first field of listed records lead there; the rest stays."""
    changed = amended(POLICY, "plan.repair.when", ["service"])
    assert changed.node("repair").when == (RootCauseKind.SERVICE,)
    changed = amended(changed, "tiers.gold.targets.major", {"restore": "3h"})
    target = changed.tier("gold").targets[Severity.MAJOR]
    assert (target.respond, target.restore) == (15 * MINUTE, 3 * HOUR)
    assert amended(changed, "times", {"clear_wait": "30m"}) == changed


@pytest.mark.parametrize("path", ["times.clear_weight", "plan.nobody.when", "tiers.iron.calendar"])
def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    """Whoever mistypes a name is told the names that are there."""
    with pytest.raises(ValueError, match=path.split(".")[1]):
        amended(POLICY, path, "1m")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- {story: x, steps: [{at: 10:00, do: y, sattus: held}]}", "sattus"),
        ("- {story: x, steps: [{at: 10:00, do: y, facts: [A], facts: [B]}]}", "twice: facts"),
        ("- {story: x}", "steps"),
    ],
)
def test_a_story_with_a_mistake_is_refused(text: str, problem: str) -> None:
    """The file and the place are named."""
    with pytest.raises(ValueError, match=f"file.yaml.*{problem}|(?s:file.yaml.*{problem})"):
        read(text, "file.yaml")
