"""Log ends are found again after the brokers elected their leaders anew."""

import pytest
from confluent_kafka.cimpl import NewTopic

from qosresolve.kafka import clients
from qosresolve.kafka.offsets import ends, patiently
from tests.kafka.harness import settings_for
from tests.support.kafka_server import KafkaServer


@pytest.mark.kafka
def test_ends_after_a_broker_restarted(prefix: str) -> None:
    """A restart raises the leader epoch: a client that lives on learns it, however often it is asked."""
    with KafkaServer() as server:
        admin = clients.admin(settings_for(server.bootstrap, prefix))
        topic = f"{prefix}topic"
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(30)
        places = [(topic, 0)]
        assert patiently(lambda: ends(admin, places)) == {places[0]: 0}
        server.restart()
        assert patiently(lambda: ends(admin, places)) == {places[0]: 0}
