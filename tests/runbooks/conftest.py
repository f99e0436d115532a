"""A world and the shell of its operator, on the shared broker."""

from pathlib import Path

import pytest

from tests.kafka.harness import World, settings_for
from tests.runbooks.shell import Shell
from tests.support.kafka_broker import UnavailableError


@pytest.fixture
def world(kafka_bootstrap: str, prefix: str) -> World:
    """The topics of one test, with a policy whose targets are hours."""
    return World(settings_for(kafka_bootstrap, prefix))


@pytest.fixture
def shell(world: World, tmp_path: Path) -> Shell:
    """What its operator types into."""
    return shell_of(world, tmp_path)


def shell_of(world: World, folder: Path) -> Shell:
    """Return the shell of a world's operator; without a JVM of our own there is none."""
    try:
        return Shell(folder, world.settings)
    except UnavailableError as reason:
        pytest.skip(f"Kafka's own tools need a JVM and its jars: {reason}")
