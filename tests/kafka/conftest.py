"""Worlds of a test's own on the real broker."""

from collections.abc import Callable, Iterator

import pytest

from tests.kafka.harness import World, settings_for

MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(kafka_bootstrap: str, prefix: str) -> Iterator[MakeWorld]:
    """Return a function that makes the test's topics, given more settings."""
    worlds: list[World] = []

    def make(*more: str) -> World:
        worlds.append(World(settings_for(kafka_bootstrap, prefix, *more)))
        return worlds[-1]

    yield make
    for world in worlds:
        world.flush()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Return topics with a policy whose targets are hours: only what a test sends makes anything happen."""
    return make_world()
