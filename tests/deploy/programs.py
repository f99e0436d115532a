"""What the files in deploy/ start: our program's words and variables, and whether the program takes them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import typer
import yaml

from qosresolve.cli.main import app
from qosresolve.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
OURS = "qosresolve"
DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")  # what stands for a variable of compose that nobody set

Yaml = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Program:
    """One container of ours: the words behind `qosresolve`, and the variables that it is given."""

    name: str
    words: tuple[str, ...]
    variables: dict[str, str]


def documents(path: Path) -> list[Yaml]:
    """Return the YAML documents of a file."""
    return [found for found in yaml.safe_load_all(path.read_text(encoding="utf-8")) if found]


def parsed(words: tuple[str, ...]) -> None:
    """Have the real program read a command line, and not carry it out. Raises what it raises."""
    command, name, rest = typer.main.get_command(app), OURS, list(words)
    context = None
    while True:
        context = command.make_context(name, rest, parent=context)
        if not hasattr(command, "resolve_command"):
            return
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        command = found


def settings(variables: dict[str, str]) -> Settings:
    """Return the settings that a program would have. Raises ConfigError."""
    with mock.patch.dict(os.environ, variables, clear=True):
        return load(None, ())


def of_compose(compose: Yaml) -> Iterator[Program]:
    """Yield our programs of a compose file."""
    for name, service in compose["services"].items():
        if DEFAULT.sub(r"\1", service["image"]).startswith(f"{OURS}:"):
            variables = {key: str(value) for key, value in service.get("environment", {}).items()}
            yield Program(name, tuple(service["command"]), variables)


def workloads(found: list[Yaml]) -> Iterator[Yaml]:
    """Yield what has a template of pods."""
    return (each for each in found if "template" in each.get("spec", {}))


def pod_of(workload: Yaml) -> Yaml:
    """Return a workload's pod."""
    pod: Yaml = workload["spec"]["template"]["spec"]
    return pod


def of_kubernetes(found: list[Yaml], common: dict[str, str]) -> Iterator[Program]:
    """Yield our programs of some manifests; what a pod is told of itself is taken to be a word."""
    for workload in workloads(found):
        container = pod_of(workload)["containers"][0]
        own = {each["name"]: str(each.get("value", "0")) for each in container.get("env", [])}
        name = workload["metadata"]["name"]
        yield Program(name, tuple(container["args"]), common | own)


def variables_of(path: Path) -> dict[str, str]:
    """Return what a file of NAME=VALUE lines says."""
    lines = path.read_text(encoding="utf-8").split()
    return dict(line.split("=", 1) for line in lines)
