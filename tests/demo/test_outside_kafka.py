"""The world around roles and brokers that run elsewhere."""

from __future__ import annotations

import json
import threading

import pytest

from qosresolve.core.inputs import Degradation
from qosresolve.demo import outside
from qosresolve.errors import ConfigError
from qosresolve.kafka.reading import read_all
from qosresolve.topics import DEGRADATION, FOREIGN, INVENTORY
from tests.kafka.harness import PARTITIONS, RECORDS, World, await_that, settings_for


def test_the_world_plays_on_a_broker_that_is_there(kafka_bootstrap: str, prefix: str) -> None:
    """It tells the inventory, sends events and payloads to as many partitions as there are, and ends."""
    there = World(settings_for(kafka_bootstrap, prefix))
    told = there.settings.model_copy(update={"partitions": PARTITIONS + 5})  # of the settings: not believed
    stop = threading.Event()
    world = threading.Thread(target=lambda: outside.play(told, 60, stop))
    world.start()
    try:
        events = await_that(lambda: there.messages(DEGRADATION), "an event of the world")
        payloads = await_that(lambda: there.messages(FOREIGN), "a payload of somebody else")
    finally:
        stop.set()
        world.join(30)
    assert not world.is_alive()
    event = RECORDS.read_input("degradation", events[0].value() or b"")
    assert isinstance(event, Degradation)
    assert event.sequence > 10**12  # a number that no world before it has used
    assert json.loads(payloads[0].value() or b"")
    assert list(read_all(there.settings, [(there.names.of(INVENTORY), 0)]))


def test_without_topics_it_says_what_to_do(kafka_bootstrap: str, prefix: str) -> None:
    """Nobody has made them: the command that does is named."""
    with pytest.raises(ConfigError, match="topics create"):
        outside.play(settings_for(kafka_bootstrap, prefix), 60)
