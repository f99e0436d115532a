"""A shell as an operator has it: the program, Kafka's own scripts, and the variables that the pages use.

The jars that the test broker comes from have no scripts, so each is written here: the class that the real one
starts, on those jars.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qosresolve.settings import Settings
from tests.chaos.profiles import environment_of
from tests.runbooks.page import Page
from tests.support.kafka_jars import java_command

SCRIPTS = {
    "kafka-consumer-groups.sh": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-get-offsets.sh": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-log-dirs.sh": "org.apache.kafka.tools.LogDirsCommand",
    "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
}
COMMAND_S = 60


@dataclass(frozen=True, slots=True)
class Done:
    """What a command said, and its exit status."""

    command: str
    status: int
    out: str
    err: str


class Shell:
    """Runs the commands of a page in `folder`, which takes Kafka's scripts too."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        for name, kind in SCRIPTS.items():
            script = folder / name
            script.write_text(f'#!/bin/sh\nexec {shlex.join(java_command(128))} {kind} "$@"\n')
            script.chmod(0o755)
        mine = {key: value for key, value in os.environ.items() if not key.startswith("QOSRESOLVE_")}
        path = os.pathsep.join((str(folder), str(Path(sys.executable).parent), mine["PATH"]))
        shown = {"PATH": path, "BOOTSTRAP": settings.bootstrap_servers, "COLUMNS": "200"}
        named = {"GROUP": settings.group, "PREFIX": settings.prefix}
        self._environment = mine | environment_of(settings) | shown | named

    def run(self, command: str, values: Mapping[str, str] | None = None, *, answer: str = "") -> Done:
        """Run one command, with what a person puts in for its placeholders, and says when it asks."""
        whole = _filled(command, values or {})
        with _keyboard(answer) as keyboard:
            done = subprocess.run(  # noqa: S603 - what our own pages say
                ["/bin/sh", "-c", whole],
                cwd=self.folder,
                env=self._environment,
                stdin=keyboard,
                capture_output=True,
                text=True,
                timeout=COMMAND_S,
                check=False,
            )
        return Done(whole, done.returncode, done.stdout, done.stderr)

    def follow(self, page: Page, title: str, values: Mapping[str, str] | None = None) -> list[Done]:
        """Run the blocks of a part in order; there is at least one."""
        commands = page.blocks(title)
        assert commands, f"{page.name} says nothing to type under {title!r}"
        return [self.run(command, values) for command in commands]


@contextmanager
def _keyboard(typed: str) -> Iterator[int]:
    """Yield a terminal at which somebody has typed something; nothing: nobody is there."""
    if not typed:
        yield subprocess.DEVNULL
        return
    hand, keyboard = os.openpty()
    try:
        os.write(hand, typed.encode())
        yield keyboard
    finally:
        os.close(keyboard)
        os.close(hand)


def _filled(command: str, values: Mapping[str, str]) -> str:
    """Return a command with its placeholders filled in; one that nobody filled in fails the test."""
    for placeholder, value in values.items():
        command = command.replace(placeholder, value)
    left = re.findall(r"<[a-z]+>|\bFILE\b", command)
    assert not left, f"nobody said what to put in for {left} of {command!r}"
    return command


def well(done: list[Done]) -> None:
    """Assert that every command ended with status 0."""
    for each in done:
        assert each.status == 0, each
