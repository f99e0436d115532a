"""Whoever scales workers by their lag sees it with the rights of its KafkaUser, and with neither alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition

from qosresolve.kafka import clients
from qosresolve.kafka.acls import Role
from qosresolve.kafka.strimzi import scaler_rights
from qosresolve.topics import ANCHOR
from tests.kafka.harness import PARTITIONS, await_that

if TYPE_CHECKING:
    from tests.security.conftest import Site

USER = Role.LOOK  # a user of the test cluster's that has no rights here


def lag(site: Site, seconds: float) -> int:
    """How many records the group has not taken, asked as KEDA does: the group's offsets, the topic's ends."""
    settings, topic = site.settings(USER), site.world.names.of(ANCHOR)
    consumer = Consumer(clients._base(settings) | {"group.id": settings.group})
    try:
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        taken = [at.offset for at in consumer.committed(places, timeout=seconds)]
        ends = [consumer.get_watermark_offsets(at, timeout=seconds)[1] for at in places]
        return sum(ends) - sum(taken)
    finally:
        consumer.close()


def test_the_scaler_sees_the_lag(site: Site) -> None:
    """Two events that nobody has taken are a lag of two; with one of the two rights there is no answer."""
    rights = scaler_rights(site.settings(USER))
    site.world.degrade("P1", 1)
    site.world.degrade("P1", 2)
    site.world.flush()
    with site.secured.granted(USER.value, rights):
        assert await_that(lambda: lag(site, 20), "the lag") == 2
    for right in rights:
        with site.secured.granted(USER.value, [right]), pytest.raises(KafkaException):
            lag(site, 2)
