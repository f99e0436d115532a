"""The package as others get it: built, installed from the locks into its own environment, run elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from qosresolve import __version__
from qosresolve.contracts import schemas

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
NEEDED = (
    "Makefile",
    "requirements/dev.txt",
    "docs/design.md",
    "deploy/prometheus/alerts.yaml",
    "tests/conftest.py",
)
pytestmark = pytest.mark.slow


def done(*words: str | Path, cwd: Path) -> str:
    """Run something outside of the checkout, without its environment; return what it printed."""
    unset = ("PYTHONPATH", "VIRTUAL_ENV")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in unset and not name.startswith("QOSRESOLVE_")
    }
    ran = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=kept, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and source distribution, the wheel built from the latter: what is not in it cannot be in that."""
    folder = tmp_path_factory.mktemp("dist")
    words = ("build", "--quiet", "--no-build-isolation", "--offline", "--python", sys.executable)
    done(UV, *words, "--out-dir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the locked requirements and the wheel, and nothing else; returns its programs."""
    home = tmp_path_factory.mktemp("installed")
    place = home / "venv"
    done(UV, "venv", "--quiet", "--python", sys.executable, place, cwd=home)
    into = ("--quiet", "--python", place / "bin" / "python")
    done(UV, "pip", "sync", *into, "--require-hashes", ROOT / "requirements" / "run.txt", cwd=home)
    done(UV, "pip", "install", *into, "--no-deps", wheel, cwd=home)
    return place / "bin"


def test_the_wheel_has_what_is_read_at_run_time(wheel: Path) -> None:
    """Each schema with its history, policies, mappings, payloads, the type marker: whatever is no code."""
    names = set(zipfile.ZipFile(wheel).namelist())
    data = [path for path in (ROOT / "qosresolve").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert {path.relative_to(ROOT).as_posix() for path in data} <= names
    inside = {
        f"qosresolve/schemas/{path.relative_to(schemas.folder())}"
        for path in schemas.folder().rglob("*.avsc")
    }
    assert inside <= names
    assert "qosresolve/py.typed" in names
    assert not [name for name in names if not name.startswith(("qosresolve/", f"qosresolve-{__version__}."))]


def test_the_metadata_says_what_it_is(wheel: Path) -> None:
    """The README as description, the licence, addresses, extras, and the program that pipx runs."""
    with zipfile.ZipFile(wheel) as archive:
        info = f"qosresolve-{__version__}.dist-info"
        told = HeaderParser().parsestr(archive.read(f"{info}/METADATA").decode())
        programs = archive.read(f"{info}/entry_points.txt").decode()
    assert str(told.get_payload()).strip() == (ROOT / "README.md").read_text(encoding="utf-8").strip()
    assert (told["Version"], told["Description-Content-Type"]) == (__version__, "text/markdown")
    assert told["License-Expression"] == "Apache-2.0"
    assert len(told.get_all("Project-URL") or []) == 2
    assert {"otel", "parquet", "registry"} <= set(told.get_all("Provides-Extra") or [])
    assert "qosresolve = qosresolve.cli.main:main" in programs


def test_the_source_distribution_has_what_tests_need(dist: Path) -> None:
    """Everything that is not ignored: documents, manifests and locks are read by tests; nothing beside it."""
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert set(NEEDED) <= names
    tests = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py")}
    assert tests <= names
    ours = {path.name for path in ROOT.iterdir()} | {"PKG-INFO"}
    assert {name.partition("/")[0] for name in names} <= ours
    assert not [name for name in names if name.startswith((".venv", ".tools", ".cache", ".git/", "dist"))]


def test_it_runs_outside_of_the_checkout(installed: Path, tmp_path: Path) -> None:
    """Version, the shipped policy, a public payload through the mappings, the schemas: no file is missing."""
    program = installed / "qosresolve"
    assert done(program, "--version", cwd=tmp_path).startswith(f"qosresolve {__version__} (confluent-kafka ")
    shipped = (ROOT / "qosresolve" / "contracts" / "policy" / "default.yaml").read_text(encoding="utf-8")
    code = (
        "import json; from qosresolve.contracts.policy.file import default_text\n"
        "from qosresolve.contracts import schemas; from qosresolve.demo import payloads\n"
        "assert '/site-packages/' in str(schemas.folder()), schemas.folder()\n"
        "assert not schemas.unfrozen() and [schemas.current(name) for name in schemas.records()]\n"
        "from pathlib import Path; Path('policy.yaml').write_text(default_text())\n"
        "Path('alarm.json').write_text(json.dumps(payloads.load('crossing-set.json')))"
    )
    done(installed / "python", "-c", code, cwd=tmp_path)
    assert (tmp_path / "policy.yaml").read_text(encoding="utf-8") == shipped
    words = ("--tier", "gold", "--severity", "major", "--at", "2026-03-02 22:15", "--json")
    assert '"restore"' in done(program, "policy", "test", "policy.yaml", *words, cwd=tmp_path)
    assert "crossing" in done(program, "intake", "check", "alarm.json", cwd=tmp_path).lower()


def test_the_locked_requirements_are_all_that_it_needs(installed: Path, tmp_path: Path) -> None:
    """Nothing that the metadata asks for is missing or of another version."""
    done(UV, "pip", "check", "--python", installed / "python", cwd=tmp_path)
