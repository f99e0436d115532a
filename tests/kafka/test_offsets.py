"""Log ends: told by a leader, and found again after the brokers elected their leaders anew."""

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from qosresolve.errors import RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.offsets import Place, ends, patiently, starts
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


class Silent:
    """An admin client one of whose leaders does not answer: the client tells -1001, and no error."""

    def list_offsets(
        self, wanted: dict[TopicPartition, object], **_: object
    ) -> dict[TopicPartition, Future[Any]]:
        """Answer as the real client was seen to."""
        answers: dict[TopicPartition, Future[Any]] = {at: Future() for at in wanted}
        for at, future in answers.items():
            future.set_result(SimpleNamespace(offset=-1001 if at.partition == 1 else 7))
        return answers


@pytest.mark.parametrize("asked", [ends, starts])
def test_a_leader_that_does_not_answer_has_no_offset(asked: Any) -> None:  # noqa: ANN401
    """Taken for an end, -1001 would make a restore complete at once; it is asked again instead."""
    places: list[Place] = [("topic", 0), ("topic", 1), ("topic", 2)]
    with pytest.raises(RetriableError, match="the leader of topic partition 1 does not answer"):
        asked(cast("AdminClient", Silent()), places)
