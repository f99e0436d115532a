"""What every test may ask for: a real broker, a real schema registry, and topic names of its own.

Scope: these fixtures and the `kafka` marker. Domain fixtures live beside the tests that use them.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.kafka_server import find_broker
from tests.support.schema_registry import find_registry

if TYPE_CHECKING:
    from collections.abc import Iterator


# How long one example takes says something of the machine, not of the code.
settings.register_profile("quick", deadline=None, max_examples=30)
settings.register_profile("thorough", deadline=None, max_examples=100)  # what `make test` asks for
settings.load_profile("quick")


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """host:port of a real Apache Kafka, one for the whole run; fails with the remedies if there is none."""
    broker = find_broker()
    try:
        yield broker.bootstrap
    finally:
        broker.close()


@pytest.fixture(scope="session")
def registry_url() -> Iterator[str]:
    """Address of a real schema registry, one for the whole run; fails with the remedies if there is none."""
    registry = find_registry()
    try:
        yield registry.url
    finally:
        registry.close()


@pytest.fixture
def prefix() -> str:
    """A topic prefix nobody else uses, such as `t1f0c9a2b.`: tests share the broker, never a topic."""
    # From the system's source: hypothesis seeds the common one, and parallel runs would then agree.
    return f"t{secrets.token_hex(4)}."


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks whatever uses the broker or the registry, before `-m` selects by marker."""
    for item in items:
        if {"kafka_bootstrap", "registry_url"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kafka)
