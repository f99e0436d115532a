"""A real Apache Kafka for the tests: one that is given, one in a container, or one on a local JVM.

Scope: finding, starting, stopping and hurting one broker. Topics, clients and network faults stay out.
As a program (`python -m tests.support.kafka_server`) it runs a broker in the foreground.
"""

from __future__ import annotations

import ctypes
import fcntl
import logging
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import urlsplit

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import get_docker_host

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType, TracebackType

LOG = logging.getLogger(__name__)

KAFKA_VERSION = "4.3.1"
IMAGE = f"apache/kafka:{KAFKA_VERSION}"
BOOTSTRAP_VARIABLE = "QOSRESOLVE_TEST_BOOTSTRAP"
CLUSTER_ID = "cW9zcmVzb2x2ZS10ZXN0cw"
LOOPBACK = "127.0.0.1"
CONTAINER_BIND = "0.0.0.0"  # noqa: S104  within the container, where loopback cannot be published
CONTAINER_LOG_DIR = "/tmp/kafka"  # noqa: S108  within the container

POM = Path(__file__).with_name("kafka") / "pom.xml"
CACHE = Path(__file__).parents[2] / ".cache" / f"kafka-{KAFKA_VERSION}"

ENGINE_PROBE_S = 2
READY_S = 60.0
STOP_S = 20.0
MAVEN_S = 600

JVM_FLAGS = (
    "-Xmx768m",
    # A test broker lives for seconds: a quick start is worth more than the fastest code.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)

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
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "log.cleaner.backoff.ms": "500",
    "log.retention.check.interval.ms": "1000",
    # A killed broker may come back only when its old registration has run out, 9 seconds by default.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # The first retention check waits for this, 30 seconds unless told.
    "log.initial.task.delay.ms": "1000",
}

REMEDIES = f"""\
The tests marked "kafka" need a real Apache Kafka 4. Do one of these:
  - set {BOOTSTRAP_VARIABLE} to the host:port of a broker that may be written to;
  - start a Docker engine this user may talk to ({IMAGE} is run in it);
  - install a JDK 17 or newer and Maven (the broker's jars come from Maven Central once)."""


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


# --- finding one ----------------------------------------------------------------------------------


def find_broker() -> Broker:
    """A broker that answers; the caller closes it.

    Raises NoKafkaError when there is none. A broker that was named but does not answer is an error
    too: another one in its place would hide the mistake.
    """
    reasons = []
    for way in (given_broker, container_broker, local_broker):
        try:
            return way()
        except UnavailableError as reason:
            LOG.info("no Kafka from %s: %s", way.__name__, reason)
            reasons.append(str(reason))
    raise NoKafkaError("\n".join([REMEDIES, "What was tried:", *(f"  - {reason}" for reason in reasons)]))


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


def local_broker() -> Broker:
    return KafkaServer().start()


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


def wait_until_ready(broker: Broker, timeout_s: float = READY_S) -> None:
    """Returns when the broker answers a metadata request with itself in it; raises TimeoutError."""
    admin = AdminClient(
        {
            "bootstrap.servers": broker.bootstrap,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 100,
            "log_level": 0,  # refused connections are what is being waited out
        }
    )
    deadline = time.monotonic() + timeout_s
    while broker.alive() and time.monotonic() < deadline:
        if answers(admin):
            return
    state = "did not answer" if broker.alive() else "ended"
    raise TimeoutError(f"Kafka at {broker.bootstrap} {state} within {timeout_s:.0f} s")


def answers(admin: AdminClient) -> bool:
    try:
        return bool(admin.list_topics(timeout=0.5).brokers)
    except KafkaException:
        return False


def broker_properties(host: str, bind: str, port: int, controller_port: int, log_dir: str) -> dict[str, str]:
    return BASE_PROPERTIES | {
        "listeners": f"PLAINTEXT://{bind}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{host}:{port}",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "log.dirs": log_dir,
    }


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


# --- one that is given, one in a container --------------------------------------------------------


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


# --- one on a local JVM ---------------------------------------------------------------------------


@dataclass(slots=True)
class KafkaServer:
    """A one-node Kafka in a JVM of its own, on loopback, that can be stopped, killed and frozen.

    The port and the log directory stay the same from one start to the next; `close` (or leaving the
    `with` block) ends it and removes the directory. `properties` override the broker's own.
    Start it in a thread that outlives it: the kernel kills it when that thread ends.
    """

    properties: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    home: Path = field(init=False)
    _controller_port: int = field(init=False, default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="qosresolve-kafka-"))

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the broker was never started")
        return self._process.pid

    @property
    def log_file(self) -> Path:
        return self.home / "kafka.log"

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Starts the broker, waits until it answers, and returns itself."""
        if self.alive():
            return self
        try:
            self._launch()
            wait_until_ready(self)
        except TimeoutError as error:
            log = self.log_file.read_text(errors="replace")[-4000:]
            self.close()
            raise TimeoutError(f"{error}; the end of its log:\n{log}") from None
        except BaseException:
            self.close()
            raise
        return self

    def stop(self) -> None:
        """An orderly end, as by a rolling restart; the log directory stays."""
        if not self.alive():
            return
        self.resume()
        self._signal(signal.SIGTERM)
        try:
            self._wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """The end as by SIGKILL; the log directory stays.

        A commit that was answered only some milliseconds before may never become visible afterwards: a
        restarted one-node Kafka 4.3 resumes writing its markers, loses its own leadership while its old
        registration runs out, takes the partition for deleted, and calls the transaction complete. The
        last stable offset then stands still for good. See a commit read before killing, or use `stop`.
        """
        if self.alive():
            self._signal(signal.SIGKILL)
            self._wait(STOP_S)

    def pause(self) -> None:
        """Freezes the broker: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Orderly stop, if it still runs, and start on the same port and log directory."""
        self.stop()
        self.start()

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _launch(self) -> None:
        java = java_command()
        config = self._write_properties()
        if not (self.home / "data" / "meta.properties").exists():
            arguments = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(config)]
            self._spawn([*java, *arguments]).wait(READY_S)
        self._process = self._spawn([*java, "kafka.Kafka", str(config)])

    def _write_properties(self) -> Path:
        data = str(self.home / "data")
        base = broker_properties(LOOPBACK, LOOPBACK, self.port, self._controller_port, data)
        path = self.home / "server.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in (base | dict(self.properties)).items()))
        return path

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is meant for the test run, which then ends the broker itself.
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  one prctl call: no lock can be held in it
            )

    def _signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def _wait(self, timeout_s: float) -> None:
        if self._process is not None:
            self._process.wait(timeout_s)


# Loaded before any fork: a child of a threaded process must not import.
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Has the kernel end this process when its parent is killed and can no longer do so (Linux only)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def java_command() -> list[str]:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if java is None:
        raise UnavailableError("no java in JAVA_HOME or on the PATH")
    return [java, *JVM_FLAGS, "-cp", f"{kafka_jars()}/*"]


def kafka_jars() -> Path:
    """The folder with the broker's jars, fetched by Maven if it is missing or incomplete."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parallel test processes fetch once; freed by closing
        libs = CACHE / "libs"
        if not is_complete(libs):
            fetch_jars(libs)
    return libs


def is_complete(libs: Path) -> bool:
    listed = libs / "jars.txt"
    return listed.exists() and all((libs / name).exists() for name in listed.read_text().split())


def fetch_jars(libs: Path) -> None:
    """Copies next door and renames, so that a fetch cut short never looks complete."""
    part = libs.with_name("libs.part")
    shutil.rmtree(part, ignore_errors=True)
    run_maven("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={part}")
    (part / "jars.txt").write_text("\n".join(sorted(jar.name for jar in part.glob("*.jar"))))
    shutil.rmtree(libs, ignore_errors=True)
    part.rename(libs)


def run_maven(*arguments: str) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise UnavailableError("no mvn on the PATH to fetch the broker's jars")
    command = [maven, "-q", "-B", "-C", "-f", str(POM), f"-Dkafka.version={KAFKA_VERSION}", *arguments]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=MAVEN_S)
    except subprocess.CalledProcessError as error:
        raise UnavailableError(f"Maven could not fetch the broker's jars: {error.stdout[-1000:]}") from error
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"Maven did not fetch the broker's jars within {MAVEN_S} s") from error


# --- in the foreground ----------------------------------------------------------------------------


def end_on_sigterm(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    signal.signal(signal.SIGTERM, end_on_sigterm)
    try:
        broker = find_broker()
    except NoKafkaError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        print(broker.bootstrap, flush=True)
        while broker.alive():
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 0
    finally:
        broker.close()
    return 1


if __name__ == "__main__":
    sys.exit(main())
