"""Replay end to end: a real broker, a real worker and timer, and the topics alone afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qosresolve.core.vocabulary import Severity, Verb
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.topics import DEGRADATION
from tests.kafka.harness import DEMO_POLICY, RECORDS, World, await_that, settings_for

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.kafka

PRODUCTS = [f"P{number}" for number in range(12)]


@pytest.fixture(scope="module")
def world(kafka_bootstrap: str) -> World:
    """What a worker that was restarted, and a timer, made of some products under the demo's quick policy."""
    world = World(settings_for(kafka_bootstrap, f"replay{id(kafka_bootstrap)}.", DEMO_POLICY))
    with world.running(Timer):
        with world.running(Worker, DEMO_POLICY):
            for at, product in enumerate(PRODUCTS):
                world.degrade(product, severity=Severity.CRITICAL if at % 2 else Severity.MAJOR)
            world.send(DEGRADATION, PRODUCTS[0], b"\x00\x01no record")
            world.send(DEGRADATION, PRODUCTS[1], RECORDS.write_input(_foreign())[1], _elsewhere(PRODUCTS[1]))
            world.flush()
            world.await_entries(len(PRODUCTS) + 3)
        with world.running(Worker, DEMO_POLICY):
            for product in PRODUCTS[:4]:
                world.command(product, Verb.ACKNOWLEDGE)
                world.command(product, Verb.CLOSE)
            for product in PRODUCTS[:6]:
                world.abate(product)
            world.flush()
            await_that(lambda: _breaches(world) >= 4, "some breaches", 120)
    return world
