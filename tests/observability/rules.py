"""The alerting rules and their examples, as they lie in `deploy`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
EXAMPLES = ROOT / "deploy" / "prometheus" / "alerts_test.yaml"


@dataclass(frozen=True)
class Alert:
    """One alert."""

    name: str
    expr: str
    labels: dict[str, str]
    annotations: dict[str, str]


def loaded() -> dict[str, Any]:
    """Return the rules as YAML has them."""
    found: dict[str, Any] = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return found


def alerts() -> list[Alert]:
    """Return every alert."""
    return [
        Alert(rule["alert"], rule["expr"].strip(), rule["labels"], rule["annotations"])
        for group in loaded()["groups"]
        for rule in group["rules"]
    ]


def with_expr(name: str, expr: str) -> dict[str, Any]:
    """Return the rules with another expression for one alert."""
    changed = loaded()
    for group in changed["groups"]:
        for rule in group["rules"]:
            if rule["alert"] == name:
                rule["expr"] = expr
    return changed
