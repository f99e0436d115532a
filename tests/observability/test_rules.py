"""The alerting rules before promtool: right, with an example each that fires and one that does not."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observability.promql import looked_at
from tests.observability.rules import EXAMPLES, RULES, alerts, with_expr
from tests.support.tools import tool

pytestmark = pytest.mark.contracts

ALERTS = alerts()
EXAMPLE: dict[str, Any] = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool."""
    command = [str(tool("prometheus/usr/bin/promtool")), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_the_rules_are_right() -> None:
    """Promtool takes them, and every example holds."""
    checked = promtool("check", "rules", "--lint-fatal", RULES)
    assert checked.returncode == 0, checked.stderr
    tested = promtool("test", "rules", EXAMPLES)
    assert tested.returncode == 0, tested.stderr


@pytest.mark.parametrize(
    "broken",
    [
        {"expr": "sum by (job (qosresolve_reports_breached) > 0"},
        {"for": "soon"},
        {"annotations": {"summary": "{{ $value | printf }"}},
    ],
    ids=["bracket", "duration", "template"],
)
def test_broken_rules_are_refused(broken: dict[str, object], tmp_path: Path) -> None:
    """The check above can fail: a bracket is missing, a duration is none, a template does not end."""
    rules = with_expr("", "")
    rules["groups"][0]["rules"][0] |= broken
    path = tmp_path / "alerts.yaml"
    path.write_text(yaml.safe_dump(rules), encoding="utf-8")
    assert promtool("check", "rules", path).returncode != 0


def test_every_alert_has_an_example_that_fires() -> None:
    """Some example says of each that it is told; that the examples hold is proven above."""
    told = {name for example in EXAMPLE["tests"] for name in _expected(example)}
    assert {alert.name for alert in ALERTS} - told == set()
    assert told <= {alert.name for alert in ALERTS}


def _expected(example: dict[str, Any]) -> Iterator[str]:
    """Yield the alerts that an example expects to be told."""
    for question in example["promql_expr_test"]:
        for sample in question["exp_samples"]:
            yield from re.findall(r'alertname="(\w+)"', sample["labels"])


def test_every_alert_has_an_example_that_is_quiet(tmp_path: Path) -> None:
    """Where all is well and nothing is told, what each alert looks at is there: its value is quiet."""
    compared = {side: alert.name for alert in ALERTS for side in looked_at(alert.expr)}
    unseen = set(compared) - _seen(list(compared), tmp_path)
    assert not {f"{compared[side]}: {side}" for side in unseen}


def test_what_an_example_lacks_is_found(tmp_path: Path) -> None:
    """The test above can fail: of a name that no series has."""
    assert _seen(["sum(qosresolve_partitions)", "sum(qosresolve_partition)"], tmp_path) == {
        "sum(qosresolve_partitions)"
    }


def _seen(expressions: list[str], folder: Path) -> set[str]:
    """Return which expressions have a value where all is well: promtool tells what it did not expect."""
    well = {key: EXAMPLE["tests"][0][key] for key in ("interval", "input_series")}
    asked = [{"expr": f"count({each})", "eval_time": "3h", "exp_samples": []} for each in expressions]
    path = folder / "asked.yaml"
    question = {
        "rule_files": [],
        "evaluation_interval": "30s",
        "tests": [well | {"promql_expr_test": asked}],
    }
    path.write_text(yaml.safe_dump(question, width=10_000), encoding="utf-8")
    answer = promtool("test", "rules", path)
    found = re.findall(r'expr: ("(?:[^"\\]|\\.)*"), time:', answer.stdout + answer.stderr)
    return {json.loads(each).removeprefix("count(").removesuffix(")") for each in found}
