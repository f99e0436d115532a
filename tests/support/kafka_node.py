"""One Kafka process on a local JVM that can be started, stopped, killed and frozen.

Scope: the process and its directories. What it is told (its properties) comes from who makes it: a server of
one node (`kafka_server`) or a cluster of some (`kafka_cluster`).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.kafka_broker import CLUSTER_ID, READY_S, wait_until_ready
from tests.support.kafka_jars import java_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STOP_S = 20.0


@dataclass(slots=True)
class KafkaNode:
    """A Kafka process; address, properties and directories stay the same from one start to the next.

    `bootstrap` is where it answers. `properties` are all of them. `format_arguments` go to the tool that
    formats its log directory (`--add-scram` for example), `options` to the broker's JVM.
    """

    bootstrap: str
    home: Path
    properties: Mapping[str, str]
    format_arguments: Sequence[str] = ()
    heap_mb: int = 768
    options: Sequence[str] = ()
    _process: subprocess.Popen[bytes] | None = field(init=False, default=None)

    @property
    def id(self) -> int:
        return int(self.properties["node.id"])

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the broker was never started")
        return self._process.pid

    @property
    def data(self) -> Path:
        """The log directory."""
        return Path(self.properties["log.dirs"])

    @property
    def log_file(self) -> Path:
        return self.home / "kafka.log"

    def log(self) -> str:
        """The end of what it logged."""
        return self.log_file.read_text(errors="replace")[-4000:] if self.log_file.exists() else ""

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        """Starts the process, after formatting its log directory the first time; waits for nothing else."""
        if self.alive():
            return
        java = java_command(self.heap_mb)
        config = self._write_properties()
        if not (self.data / "meta.properties").exists():
            tool = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(config)]
            status = self._spawn([*java, *tool, *self.format_arguments]).wait(READY_S)
            if status:
                raise RuntimeError(f"the log directory could not be formatted:\n{self.log()}")
        self._process = self._spawn([*java, *self.options, "kafka.Kafka", str(config)])

    def await_ready(self) -> None:
        """Returns when it answers and names itself. Raises TimeoutError with the end of its log."""
        try:
            wait_until_ready(self, ids=[self.id])
        except TimeoutError as error:
            raise TimeoutError(f"{error}; the end of its log:\n{self.log()}") from None

    def start(self) -> None:
        """Starts it, unless it runs, and waits until it answers."""
        self.launch()
        self.await_ready()

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

    def _write_properties(self) -> Path:
        self.home.mkdir(parents=True, exist_ok=True)
        path = self.home / "server.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in self.properties.items()))
        return path

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        return start_process(command, self.log_file)

    def _signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def _wait(self, timeout_s: float) -> None:
        if self._process is not None:
            self._process.wait(timeout_s)


# The kernel ends a child when the thread that made it ends. So one thread makes them all, and lives as long
# as this process: a test may start a broker from any thread of its own.
_SPAWNER = ThreadPoolExecutor(1, "kafka-spawner")


def start_process(command: list[str], log_file: Path) -> subprocess.Popen[bytes]:
    """Starts a server that ends with this process, whichever thread asks for it."""
    return _SPAWNER.submit(spawn, command, log_file).result()


def spawn(command: list[str], log_file: Path) -> subprocess.Popen[bytes]:
    with log_file.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C is meant for the test run, which then ends the broker itself.
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509  one prctl call: no lock can be held in it
        )


# Loaded before any fork: a child of a threaded process must not import.
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Has the kernel end this process when its parent is killed and can no longer do so (Linux only)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
