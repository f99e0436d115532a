"""What `make sbom` writes: each package that the locks install, by version and hash, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "run.txt"
WRITTEN = ROOT / "dist" / "qosresolve.cdx.json"


@pytest.mark.contracts
def test_it_names_what_is_locked() -> None:
    """The tool holds it to CycloneDX's own schema while it writes; the same lock gives the same file."""
    subprocess.run(["make", "-C", str(ROOT), "sbom"], check=True, capture_output=True)  # noqa: S607 - ours
    first = WRITTEN.read_text(encoding="utf-8")
    found = json.loads(first)
    locked = set(re.findall(r"^([a-z0-9.-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    assert {(item["name"].lower(), item["version"]) for item in found["components"]} == locked
    assert all(item["externalReferences"][0]["hashes"] for item in found["components"])
    assert (found["bomFormat"], found["metadata"]["component"]["name"]) == ("CycloneDX", "qosresolve")
    subprocess.run(["make", "-C", str(ROOT), "sbom"], check=True, capture_output=True)  # noqa: S607 - ours
    assert WRITTEN.read_text(encoding="utf-8") == first
