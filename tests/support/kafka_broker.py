"""What every way to a test broker shares: its errors, its properties, a free port, and when it is ready."""

from __future__ import annotations

import random
import socket
import time
from typing import TYPE_CHECKING, Protocol

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

if TYPE_CHECKING:
    from collections.abc import Iterable

KAFKA_VERSION = "4.3.1"
CLUSTER_ID = "cW9zcmVzb2x2ZS10ZXN0cw"
LOOPBACK = "127.0.0.1"
READY_S = 120.0

BASE_PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # The defaults of 50 partitions cost seconds when the topics are first used.
    "offsets.topic.num.partitions": "10",
    "transaction.state.log.num.partitions": "10",
    # What takes minutes in production has to happen within a test.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # Of KIP-848's groups the broker sets both, by default to 45 and 5 seconds, and lets nobody be quicker.
    "group.consumer.min.session.timeout.ms": "1000",
    "group.consumer.session.timeout.ms": "6000",
    "group.consumer.min.heartbeat.interval.ms": "500",
    "group.consumer.heartbeat.interval.ms": "1000",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "log.cleaner.backoff.ms": "500",
    "log.retention.check.interval.ms": "1000",
    # A killed broker may come back only when its old registration has run out, 9 seconds by default.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # The first retention check waits for this, 30 seconds unless told.
    "log.initial.task.delay.ms": "1000",
}


class UnavailableError(Exception):
    """One way to a broker is not open on this machine; the message says why."""


class NoKafkaError(Exception):
    """No way to a broker is open; the message names the remedies."""


class Broker(Protocol):
    """What a test run needs of a broker, whichever way it was come by."""

    @property
    def bootstrap(self) -> str: ...

    def alive(self) -> bool: ...

    def close(self) -> None: ...


def broker_properties(host: str, bind: str, port: int, controller_port: int, log_dir: str) -> dict[str, str]:
    return BASE_PROPERTIES | {
        "listeners": f"PLAINTEXT://{bind}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{host}:{port}",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "log.dirs": log_dir,
    }


def wait_until_ready(broker: Broker, timeout_s: float = READY_S, *, ids: Iterable[int] = ()) -> None:
    """Returns when the broker answers a metadata request with brokers in it, those `ids` among them.

    Raises TimeoutError.
    """
    admin = quiet_admin(broker.bootstrap)
    wanted = set(ids)
    deadline = time.monotonic() + timeout_s
    while broker.alive() and time.monotonic() < deadline:
        known = answered(admin)
        if known and wanted <= known:
            return
    state = "did not answer" if broker.alive() else "ended"
    raise TimeoutError(f"Kafka at {broker.bootstrap} {state} within {timeout_s:.0f} s")


def quiet_admin(bootstrap: str) -> AdminClient:
    return AdminClient(
        {
            "bootstrap.servers": bootstrap,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 100,
            "log_level": 0,  # refused connections are what is being waited out
        }
    )


def answered(admin: AdminClient) -> set[int]:
    """The ids of the brokers that an answer names; none when nobody answers."""
    try:
        return set(admin.list_topics(timeout=0.5).brokers)
    except KafkaException:
        return set()


def free_port() -> int:
    """A free loopback port below the range that kernels hand out to clients.

    From within that range, a client that keeps dialling a dead broker can be given the broker's own
    port, connect to itself, and keep the broker from coming back.
    """
    ports = random.SystemRandom().sample(range(20_000, 32_000), 100)
    return next(port for port in ports if is_free(port))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
