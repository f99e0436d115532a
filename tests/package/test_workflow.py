"""The workflow for a forge: the Makefile's targets, and actions that nobody can move."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.tools import tool

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yaml"


def test_it_runs_targets_of_the_makefile() -> None:
    """What a forge runs, a person can run: `make` with targets that there are, and nothing else."""
    steps = [
        step
        for job in yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"].values()
        for step in job["steps"]
    ]
    commands = [re.sub(r' [A-Z]+=".*"', "", step["run"]).split() for step in steps if "run" in step]
    commands.remove(["sudo", "apt-get", "update"])
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {words[0] for words in commands} == {"make"}
    assert {target for words in commands for target in words[1:]} <= targets
    wanted = {
        "lint",
        "types",
        "imports",
        "test",
        "test-fast",
        "demo",
        "contracts-check",
        "package",
        "sbom",
        "audit",
    }
    assert wanted <= {target for words in commands for target in words}


def test_actions_are_pinned_by_commit() -> None:
    """A tag can be moved to other code; the comment beside the commit says which version it is."""
    uses = re.findall(r"uses: (.*)", WORKFLOW.read_text(encoding="utf-8"))
    assert uses
    for use in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use), use


@pytest.mark.contracts
def test_it_is_a_workflow(tmp_path: Path) -> None:
    """By GitHub's own schema; a copy with a job that runs nowhere is refused."""
    assert _check(WORKFLOW) == 0
    broken = tmp_path / "broken.yaml"
    text = WORKFLOW.read_text(encoding="utf-8")
    broken.write_text(text.replace("runs-on: ubuntu-24.04", "runs-at: ubuntu-24.04"), encoding="utf-8")
    assert _check(broken) == 1


def _check(file: Path) -> int:
    words = [
        str(tool("supply/bin/check-jsonschema")),
        "--builtin-schema",
        "vendor.github-workflows",
        str(file),
    ]
    return subprocess.run(words, capture_output=True, check=False).returncode
