"""Roles as processes, each as a user of its own, and rights as `qosresolve acls` prints them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import urllib.error
import urllib.request
from argparse import ArgumentParser
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qosresolve.kafka.acls import Acl, Operation, Pattern, Resource, Role
from tests.security.conftest import USERS, Site, as_options
from tests.support.kafka_broker import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from urllib.response import addinfourl

END_S = 30.0
_SECRET = "sasl.password"  # noqa: S105 - the name of an option


@dataclass
class Process:
    """One role; `port` has its health and metrics, `log` what it told."""

    role: Role
    port: int
    log: Path
    running: subprocess.Popen[bytes]

    @property
    def told(self) -> str:
        """Return all that it told."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def ready(self) -> bool:
        """Whether it says so. Fails where it has ended."""
        status = self.running.poll()
        assert status is None, f"{self.role} ended with {status}: {self.told[-3_000:]}"
        try:
            with self._get("readyz") as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False

    def metric(self, name: str) -> float:
        """Return the sum of a metric's series."""
        with self._get("metrics") as answer:
            lines = answer.read().decode().splitlines()
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((f"{name} ", f"{name}{{"))
        )

    def _get(self, path: str) -> addinfourl:
        found: addinfourl = urllib.request.urlopen(f"http://{LOOPBACK}:{self.port}/{path}", timeout=5)
        return found

    def ended(self) -> int:
        """Return the status with which it ends by itself."""
        return self.running.wait(END_S)

    def stop(self) -> int:
        """Ask it to end, and return its status."""
        self.running.terminate()
        return self.running.wait(END_S)


@contextmanager
def process(site: Site, role: Role, folder: Path, *more: str) -> Iterator[Process]:
    """Run a role as its user; the password comes by the environment, as docs/security.md has it."""
    port, log = free_port(), folder / f"{role}-{os.urandom(3).hex()}.log"
    settings = site.settings(role, f"http_port={port}", f"suspect_file={folder / f'{role}.suspects'}", *more)
    options = {name: value for name, value in settings.kafka.items() if name != _SECRET}
    shown = settings.model_copy(update={"kafka": options})
    environment = os.environ | {"QOSRESOLVE_KAFKA__SASL_PASSWORD": USERS[role.value]}
    words = [sys.executable, "-m", "qosresolve", "run", role.value, *as_options(shown)]
    with log.open("wb") as stream:
        running = subprocess.Popen(words, stdout=stream, stderr=stream, env=environment)  # noqa: S603 - ours
    try:
        yield Process(role, port, log, running)
    finally:
        if running.poll() is None:
            running.kill()
            running.wait(END_S)


def generated(site: Site, role: Role) -> list[str]:
    """Return the commands that `qosresolve acls` prints for a role's user."""
    words = ("acls", role.value, "--format", "kafka-acls", "--principal", f"User:{role.value}")
    done = site.command(role, *words)
    assert done.exit_code == 0, done.output
    return [line for line in done.output.splitlines() if line.startswith("kafka-acls.sh ")]


def commands_in(told: str) -> list[str]:
    """Return such commands in what a process told: each is on a line of its own."""
    lines = told.replace("\\n", "\n").replace('\\"', '"').splitlines()
    return [line.strip().split('"')[0] for line in lines if line.strip().startswith("kafka-acls.sh ")]


def right_of(command: str) -> tuple[str, Acl]:
    """Return whom a command of Kafka's own tool grants what: options that it has not are refused."""
    parser = ArgumentParser(exit_on_error=False, allow_abbrev=False)
    parser.add_argument("--bootstrap-server", required=True)
    parser.add_argument("--command-config", required=True)
    parser.add_argument("--add", action="store_true", required=True)
    parser.add_argument("--allow-principal", required=True)
    parser.add_argument("--operation", action="append", required=True)
    parser.add_argument("--resource-pattern-type", default="literal")
    kinds = {"topic": Resource.TOPIC, "group": Resource.GROUP, "transactional_id": Resource.TRANSACTIONAL_ID}
    for name in kinds:
        parser.add_argument(f"--{name.replace('_', '-')}")
    given = parser.parse_args(shlex.split(command)[1:])
    ((resource, name),) = ((kinds[key], value) for key in kinds if (value := getattr(given, key)) is not None)
    operations = tuple(map(Operation, given.operation))
    pattern = Pattern(given.resource_pattern_type.upper())
    return given.allow_principal.removeprefix("User:"), Acl(resource, name, pattern, operations, "")


@contextmanager
def obeyed(site: Site, commands: list[str]) -> Iterator[None]:
    """Grant what commands say, for the length of a block."""
    rights = [right_of(command) for command in commands]
    for user in sorted({user for user, _ in rights}):
        site.secured.grant(user, [acl for of, acl in rights if of == user])
    try:
        yield
    finally:
        for user in sorted({user for user, _ in rights}):
            site.secured.revoke(user, [acl for of, acl in rights if of == user])
