"""A test broker that somebody gave, and one in a container."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import get_docker_host

from tests.support.kafka_broker import (
    CLUSTER_ID,
    KAFKA_VERSION,
    Broker,
    NoKafkaError,
    UnavailableError,
    broker_properties,
    free_port,
    wait_until_ready,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGE = f"apache/kafka:{KAFKA_VERSION}"
BOOTSTRAP_VARIABLE = "QOSRESOLVE_TEST_BOOTSTRAP"
CONTAINER_BIND = "0.0.0.0"  # noqa: S104  within the container, where loopback cannot be published
CONTAINER_LOG_DIR = "/tmp/kafka"  # noqa: S108  within the container
ENGINE_PROBE_S = 2


def given_broker() -> Broker:
    bootstrap = os.environ.get(BOOTSTRAP_VARIABLE)
    if not bootstrap:
        raise UnavailableError(f"{BOOTSTRAP_VARIABLE} is not set")
    broker = GivenBroker(bootstrap)
    try:
        wait_until_ready(broker)
    except TimeoutError as error:
        raise NoKafkaError(f"{BOOTSTRAP_VARIABLE}={bootstrap}: {error}") from error
    return broker


def container_broker() -> Broker:
    probe_engine()
    try:
        return ContainerBroker.started()
    except Exception as error:  # whatever an engine or its image store can raise: there may be a JVM
        raise UnavailableError(f"the Docker engine did not run {IMAGE}: {error}") from error


def probe_engine() -> None:
    """Raises UnavailableError unless something listens where the engine should be.

    Asked here, not by the Docker client: that one leaves its socket open when nothing listens.
    """
    address = urlsplit(get_docker_host() or "unix:///var/run/docker.sock")
    try:
        if address.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(ENGINE_PROBE_S)
                probe.connect(address.path)
        elif address.hostname and address.port:
            socket.create_connection((address.hostname, address.port), ENGINE_PROBE_S).close()
    except OSError as error:
        raise UnavailableError(f"no Docker engine at {address.geturl()}: {error}") from error


@dataclass(frozen=True, slots=True)
class GivenBroker:
    """Somebody else's broker: never stopped from here."""

    bootstrap: str

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class ContainerBroker:
    """The official image with the same properties as the local broker.

    The port is chosen beforehand because the broker has to advertise the one its clients will use.
    """

    bootstrap: str
    container: DockerContainer

    @classmethod
    def started(cls) -> Self:
        port = free_port()
        container = DockerContainer(IMAGE).with_bind_ports(port, port)
        host = container.get_docker_client().host()
        properties = broker_properties(host, CONTAINER_BIND, port, port + 1, CONTAINER_LOG_DIR)
        container.with_envs(CLUSTER_ID=CLUSTER_ID, **image_variables(properties))
        broker = cls(f"{host}:{port}", container)
        try:
            container.start()
            wait_until_ready(broker)
        except BaseException:
            broker.close()
            raise
        return broker

    def alive(self) -> bool:
        wrapped = self.container.get_wrapped_container()
        wrapped.reload()
        return bool(wrapped.status != "exited")

    def close(self) -> None:
        self.container.stop()


def image_variables(properties: Mapping[str, str]) -> dict[str, str]:
    """The image's own rule: `log.dirs` is set by KAFKA_LOG_DIRS."""
    return {f"KAFKA_{key.upper().replace('.', '_')}": value for key, value in properties.items()}
