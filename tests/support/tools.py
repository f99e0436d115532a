"""The tools that `make contracts-check` fetches, for tests marked `contracts`."""

from __future__ import annotations

from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / ".tools"


def tool(name: str) -> Path:
    """Return a tool's path, by its name below `.tools`; without it the test fails with the remedy."""
    path = TOOLS / name
    if not path.exists():
        pytest.fail(f".tools/{name} is not there: `make contracts-check` fetches it", pytrace=False)
    return path
