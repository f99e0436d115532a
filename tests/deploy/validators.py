"""The validators of other makers, as functions that return what they found; no finding is an empty text."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft202012Validator

from tests.deploy.programs import DEPLOY
from tests.support.tools import tool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deploy.programs import Yaml

KUBERNETES_VERSIONS = ("1.32", "1.37")  # the oldest and the newest that the manifests are held to


def hadolint(dockerfile: Path) -> str:
    """Return what hadolint says of a Dockerfile, down to what is only style."""
    return _run(str(tool("python/bin/hadolint")), "--failure-threshold", "style", str(dockerfile))


def compose(file: Path) -> str:
    """Return why the loader of `docker compose` would not take a file."""
    variables = {"PATH": os.environ["PATH"], "HOME": str(file.parent)}
    return _run(str(tool("bin/compose-spec")), str(file), cwd=DEPLOY, env=variables)


def prometheus(file: Path) -> str:
    """Return what Prometheus would not take of its configuration, and of the rules that it names."""
    return _run(str(tool("prometheus/usr/bin/promtool")), "check", "config", str(file))


def kustomize(folder: Path) -> list[Yaml]:
    """Return what a folder builds. Raises AssertionError with the reason where it does not."""
    command = [str(tool("bin/kustomize")), "build", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def kubernetes(manifests: list[Yaml], place: Path) -> str:
    """Return what Kubernetes' own schemas, and those of the operators, do not allow."""
    ours: list[Yaml] = []
    others: list[Yaml] = []
    for each in manifests:
        (others if each["apiVersion"].partition("/")[0] in _groups() else ours).append(each)
    return _builtin(ours, place) + "".join(map(_custom, others))


def _builtin(manifests: list[Yaml], place: Path) -> str:
    if not manifests:
        return ""
    file = place / "manifests.yaml"
    file.write_text(yaml.safe_dump_all(manifests), encoding="utf-8")
    command = str(tool("python/bin/kubernetes-validate"))
    found = [_run(command, "--strict", "-k", version, str(file)) for version in KUBERNETES_VERSIONS]
    return "".join(found)


def _custom(manifest: Yaml) -> str:
    kind = manifest["apiVersion"], manifest["kind"]
    if kind not in _definitions():
        return f"{kind} is not defined\n"
    errors = Draft202012Validator(_definitions()[kind]).iter_errors(manifest)
    name = manifest["metadata"]["name"]
    return "".join(f"{manifest['kind']} {name}: {error.json_path}: {error.message}\n" for error in errors)


@cache
def _definitions() -> dict[tuple[str, str], Any]:
    """Return the schemas of custom resources, by version and kind; unknown fields are not allowed."""
    found = {}
    for path in sorted(tool("crds").glob("*.yaml")):
        spec = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
        for version in spec["versions"]:
            kind = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
            found[kind] = _closed(version["schema"]["openAPIV3Schema"])
    return found


@cache
def _groups() -> frozenset[str]:
    return frozenset(version.partition("/")[0] for version, _ in _definitions())


def _closed(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a CRD's schema as JSON schema: what Kubernetes says in words of its own is said in its words."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _closed(value) for key, value in schema.items()}
    if schema.get("x-kubernetes-int-or-string") is True:
        made["type"] = ["integer", "string"]
    elif _is_shape(schema) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made


def _is_shape(schema: dict[str, Any]) -> bool:
    """Tell a schema with fields from a field that happens to be called `properties`."""
    return schema.get("type") == "object" and isinstance(schema.get("properties"), dict)


def _run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Return what a validator wrote where it found something, else nothing."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env)
    said = done.stdout + done.stderr
    return said or f"status {done.returncode}" if done.returncode else ""
