"""Takes the definitions that the tests need out of an official swagger file, and nothing else of it.

`python -m tests.contracts.tmf.extract TMF656-ServiceProblem-v4.0.0.swagger.json ServiceProblem_Create ...`
writes `definitions/TMF656-v4.json`: the named definitions and what they refer to, without descriptions and
examples, which no validator reads. `definitions/README.md` has the lines that made what is there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "definitions"
PROSE = ("description", "example", "examples", "title")
REFERENCE = "#/definitions/"


def needed(definitions: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Return the named definitions and, recursively, those that they refer to, sorted by name."""
    found: dict[str, Any] = {}
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found[name] = _bare(definitions[name])
            left += _references(found[name])
    return dict(sorted(found.items()))


def _bare(definition: dict[str, Any]) -> dict[str, Any]:
    """Return a definition without its prose; a property may have the name of a piece of prose."""
    kept = {name: value for name, value in definition.items() if name not in PROSE}
    if "properties" in kept:
        kept["properties"] = {name: _bare(value) for name, value in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = _bare(kept["items"])
    return kept


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"].removeprefix(REFERENCE)] if "$ref" in node else []
        return own + [name for value in node.values() for name in _references(value)]
    return []


def main(path: Path, names: list[str]) -> None:
    """Write the definitions of one file."""
    swagger = json.loads(path.read_text("utf-8"))
    api = path.name.split("-")[0]
    text = json.dumps(
        {"origin": path.name, "definitions": needed(swagger["definitions"], names)}, indent=1, sort_keys=True
    )
    (HERE / f"{api}-v4.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
