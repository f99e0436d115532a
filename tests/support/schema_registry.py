"""A real schema registry for the tests: one that is given, one in a container, or one on a local JVM.

It is Apicurio, spoken to through its Confluent API; what it holds lies in memory. Its distribution comes from
Maven Central once, as the broker's jars do.
"""

from __future__ import annotations

import fcntl
import http.client
import os
import shutil
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from testcontainers.core.container import DockerContainer

from tests.support.kafka_broker import LOOPBACK, READY_S, NoKafkaError, UnavailableError, free_port
from tests.support.kafka_container import probe_engine
from tests.support.kafka_jars import java, run_maven
from tests.support.kafka_node import start_process

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

VERSION = "2.6.13.Final"
VARIABLE = "QOSRESOLVE_TEST_REGISTRY"
ARTIFACT = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
IMAGE = f"apicurio/apicurio-registry-mem:{VERSION}"
CACHE = Path(__file__).parents[2] / ".cache" / f"apicurio-{VERSION}"
RUNNER = f"apicurio-registry-app-{VERSION}-runner.jar"
API = "/apis/ccompat/v7"
STOP_S = 20.0

REMEDIES = f"""\
These tests need a real schema registry. Do one of these:
  - set {VARIABLE} to the address of one that may be written to, such as http://HOST:8081;
  - start a Docker engine this user may talk to ({IMAGE} is run in it);
  - install a JDK 17 or newer and Maven (Apicurio comes from Maven Central once)."""


class Registry(Protocol):
    """What a test run needs of a registry, whichever way it was come by."""

    @property
    def url(self) -> str: ...

    def close(self) -> None: ...


def find_registry() -> Registry:
    """A registry that answers; the caller closes it. Raises NoKafkaError with the remedies."""
    reasons = []
    for way in (GivenRegistry, ContainerRegistry, LocalRegistry):
        try:
            return way()
        except UnavailableError as reason:
            reasons.append(f"  - {reason}")
    raise NoKafkaError("\n".join([REMEDIES, "What was tried:", *reasons]))


class GivenRegistry:
    """Somebody else's registry: never stopped from here."""

    def __init__(self) -> None:
        self.url = os.environ.get(VARIABLE, "")
        if not self.url:
            raise UnavailableError(f"{VARIABLE} is not set")
        if not answers(self.url):
            raise NoKafkaError(f"{VARIABLE}={self.url}: no schema registry answers there")

    def close(self) -> None:
        return


class ContainerRegistry:
    """Apicurio's own image."""

    def __init__(self) -> None:
        probe_engine()
        self._container = DockerContainer(IMAGE).with_exposed_ports(8080)
        try:
            self._container.start()
            host, port = self._container.get_container_host_ip(), self._container.get_exposed_port(8080)
            self.url = f"http://{host}:{port}{API}"
            await_answer(self.url)
        except Exception as error:  # whatever an engine or its image store can raise: there may be a JVM
            self._container.stop()
            raise UnavailableError(f"the Docker engine did not run {IMAGE}: {error}") from error

    def close(self) -> None:
        self._container.stop()


class LocalRegistry:
    """Apicurio in a JVM of its own, on loopback. What it held is gone when it ends."""

    def __init__(self, port: int | None = None) -> None:
        program = java()
        jar = distribution() / RUNNER
        self.port = port or free_port()
        self.url = f"http://{LOOPBACK}:{self.port}{API}"
        self._home = Path(tempfile.mkdtemp(prefix="qosresolve-registry-"))
        command = [program, "-Xmx192m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        options = {"http.host": LOOPBACK, "http.port": str(self.port), "log.level": "WARN"}
        command += [f"-Dquarkus.{name}={value}" for name, value in options.items()]
        log_file = self._home / "registry.log"
        self._process: subprocess.Popen[bytes] = start_process([*command, "-jar", str(jar)], log_file)
        try:
            await_answer(self.url, lambda: self._process.poll() is None)
        except BaseException as error:
            error.add_note(log_file.read_text(errors="replace")[-2000:])
            self.close()
            raise

    def close(self) -> None:
        self._process.kill()
        self._process.wait(STOP_S)
        shutil.rmtree(self._home, ignore_errors=True)


def distribution() -> Path:
    """The folder with Apicurio's jars, fetched by Maven if it is missing."""
    CACHE.mkdir(parents=True, exist_ok=True)
    app = CACHE / "app"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parallel test processes fetch once; freed by closing
        if not app.exists():
            _fetch(app)
    return app


def _fetch(app: Path) -> None:
    """Unpacks next door and renames, so that a fetch cut short never looks complete."""
    part = CACHE / "part"
    shutil.rmtree(part, ignore_errors=True)
    run_maven("dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={part}")
    (packed,) = part.glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(part, filter="data")
    packed.unlink()
    part.rename(app)


def await_answer(url: str, alive: Callable[[], bool] = lambda: True) -> None:
    """Returns when a registry answers. Raises TimeoutError."""
    end = time.monotonic() + READY_S
    while alive() and time.monotonic() < end:
        if answers(url):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no schema registry answers at {url}")


def answers(url: str) -> bool:
    """Whether a registry lists its subjects there."""
    at = urlsplit(url)
    asked = http.client.HTTPConnection(at.hostname or LOOPBACK, at.port or 80, timeout=5)
    try:
        asked.request("GET", f"{at.path}/subjects")
        return asked.getresponse().status == 200
    except OSError:
        return False
    finally:
        asked.close()
