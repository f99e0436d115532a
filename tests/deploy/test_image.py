"""The image: what its file says, and where an engine is, what it does.

`make contracts-check` has hadolint read the file, and builds it where docker or podman answers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry

from qosresolve import __version__
from qosresolve.telemetry import health
from tests.deploy.programs import DEPLOY, KUBERNETES, documents

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = DEPLOY.parent
TEXT = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
LINES = TEXT.replace("\\\n", " ").splitlines()
LAST = LINES[max(at for at, line in enumerate(LINES) if line.startswith("FROM")) :]


def arguments(instruction: str, lines: list[str]) -> list[str]:
    """What stands behind an instruction, each time."""
    return [line.removeprefix(instruction).strip() for line in lines if line.startswith(f"{instruction} ")]


def test_the_base_has_a_tag_and_is_one() -> None:
    """A version of Python that the product supports, and the same below build and image."""
    [base, *_] = arguments("ARG", LINES)
    assert re.fullmatch(r"BASE=python:3\.1[1-9][\w.-]*-slim[\w-]*", base)
    assert {each.split()[0] for each in arguments("FROM", LINES)} == {"${BASE}"}


def test_everything_is_installed_by_hash() -> None:
    """No install from an index without hashes, and none at all in the image itself."""
    installs = [
        part for line in LINES for part in re.split(r"&&", line) if re.search(r"\bpip\b.* install\b", part)
    ]
    assert len(installs) == 3
    assert all("--require-hashes" in part or "--no-index" in part for part in installs)
    assert "pip uninstall" in " ".join(LAST)
    assert not [line for line in LAST if re.search(r"pip install|apt-get", line)]


def test_it_runs_as_nobody_in_particular() -> None:
    """A number, so that Kubernetes can see that it is not root; signals reach the program itself."""
    assert arguments("USER", LAST) == ["10001:10001"]
    assert arguments("ENTRYPOINT", LAST) == ['["qosresolve"]']
    assert arguments("STOPSIGNAL", LAST) == ["SIGTERM"]
    assert arguments("HEALTHCHECK", LAST)


def test_what_is_copied_is_not_ignored() -> None:
    """Each thing that the Dockerfile copies is let through by .dockerignore, and is there."""
    let = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line[:1] == "!"
    }
    copied = [word for each in arguments("COPY", LINES) for word in each.split()[:-1]]
    for word in (word.rstrip("/") for word in copied if not word.startswith(("--from", "/"))):
        assert (ROOT / word).exists()
        assert any(path == word or path.startswith(f"{word}/") for path in let), word


def checked(port: int) -> int:
    """Carry out the image's own check of health; return its status."""
    [health_check] = arguments("HEALTHCHECK", LAST)
    command = json.loads(health_check.partition("CMD")[2])
    assert command[0] == "python"
    variables = {**os.environ, "QOSRESOLVE_HTTP_PORT": str(port)}
    done = subprocess.run([sys.executable, *command[1:]], env=variables, capture_output=True, check=False)
    return done.returncode


def test_the_check_of_health_asks_the_program() -> None:
    """Well while the loop moves, not well when it does not, nor when nobody listens."""
    watched = health.Health(stale_after_s=3600)
    watched.begin("worker")
    port = health.serve(watched, CollectorRegistry(), "127.0.0.1", 0)
    assert checked(port) == 0
    watched.end("worker")
    assert checked(port) != 0
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert checked(nobody.getsockname()[1]) != 0


def test_manifests_name_this_version() -> None:
    """Kubernetes and compose run the image of the version that they come with."""
    [base] = documents(KUBERNETES / "base/kustomization.yaml")
    assert base["images"] == [{"name": "qosresolve", "newTag": __version__}]
    assert f"qosresolve:{__version__}}}" in (DEPLOY / "compose.yaml").read_text(encoding="utf-8")


def engine() -> str:
    """Return which engine answers: docker, else podman; without one the test is skipped."""
    for name in ("docker", "podman"):
        if (
            shutil.which(name)
            and not subprocess.run([name, "info"], capture_output=True, check=False).returncode
        ):
            return name
    pytest.skip("neither docker nor podman answers here: the image is not built")


@pytest.fixture(scope="module")
def built() -> Iterator[tuple[str, str]]:
    """The engine, and an image of its own."""
    by, tag = engine(), f"qosresolve-test:{uuid.uuid4().hex[:8]}"
    subprocess.run([by, "build", "--file", "deploy/Dockerfile", "--tag", tag, "."], cwd=ROOT, check=True)
    yield by, tag
    subprocess.run([by, "rmi", "--force", tag], capture_output=True, check=False)


LOCKED = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")  # noqa: S108


@pytest.mark.contracts
@pytest.mark.timeout(900)
def test_the_image_runs_with_nothing_to_write_to(built: tuple[str, str]) -> None:
    """The demonstration, all roles and its proof, with a root file system that is read only and no rights."""
    by, tag = built
    done = subprocess.run(
        [by, "run", "--rm", *LOCKED, tag, "demo", "--seconds", "10", "--plain"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 differ" in done.stdout
