"""Clients that are quick to begin: what they wait for, and what they do not."""

import logging
from typing import Any

import pytest
from confluent_kafka import Producer
from prometheus_client import CollectorRegistry

from qosresolve.kafka import clients, transaction
from qosresolve.settings import load
from qosresolve.telemetry.metrics import WorkerMetrics

NOWHERE = load(overrides=["bootstrap_servers=127.0.0.1:1", "slot=0"]).model_copy(
    update={"kafka": {"log_level": "0"}}
)


def test_a_producer_that_reaches_no_broker_is_a_producer_all_the_same() -> None:
    """Whoever uses it says what is wrong, with the remedy."""
    clients.connect(clients.plain_producer(NOWHERE))


def test_a_producer_is_connected_before_it_asks_for_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other way round the client asks nobody, and then waits for half a second."""
    asked: list[str] = []

    class Recorded:
        def list_topics(self, timeout: float) -> None:
            assert timeout > 0
            asked.append("brokers")

        def init_transactions(self, _timeout: float) -> None:
            asked.append("id")

        def purge(self) -> None:
            """Nothing is queued."""

        def flush(self, _timeout: float) -> None:
            """Nothing is queued."""

    monkeypatch.setattr(clients, "transactional_producer", lambda *_: Recorded())
    transaction.Transactions(NOWHERE, WorkerMetrics(CollectorRegistry())).close()
    assert asked == ["brokers", "id"]


def test_how_soon_a_client_connects_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tuning: what an operator passes through stands."""
    configs: list[dict[str, Any]] = []

    def made(config: dict[str, Any], **_named: logging.Logger) -> Producer:
        configs.append(config)
        return Producer({})

    monkeypatch.setattr(clients, "Producer", made)
    option = "reconnect.backoff.ms"
    for given in ({}, {option: "700"}):
        clients.plain_producer(NOWHERE.model_copy(update={"kafka": given}))
    assert [config[option] for config in configs] == [20, "700"]
