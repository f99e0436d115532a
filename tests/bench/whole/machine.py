"""What a figure was measured on: hardware and versions. No names of hosts, no paths."""

import os
import platform
import re
from pathlib import Path

import confluent_kafka

import qosresolve
from tests.support.kafka_broker import KAFKA_VERSION

MB = 1_024  # /proc tells kB


def told(*, own_broker: bool) -> dict[str, str | int]:
    """Return the machine, as the result states it."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _line("/proc/cpuinfo", "model name"),
        "memory_mb": int(_line("/proc/meminfo", "MemTotal").split()[0]) // MB,
        "os": f"{_line('/etc/os-release', 'PRETTY_NAME').strip(chr(34))}, Linux {_kernel()}",
        "python": platform.python_version(),
        "confluent_kafka": str(confluent_kafka.version()),
        "librdkafka": str(confluent_kafka.libversion()[0]),
        "kafka": f"{KAFKA_VERSION}, on the same machine" if own_broker else "given, not asked",
        "qosresolve": qosresolve.__version__,
    }


def load() -> float:
    """Return how many threads wanted to run in the last minute: what the figures have to be read with."""
    return round(os.getloadavg()[0], 2)


def _kernel() -> str:
    """Return the kernel's version without what its builder appended."""
    found = re.match(r"[0-9.]+", platform.release())
    return found.group() if found else ""


def _line(path: str, name: str) -> str:
    """Return the value of the first line that begins with a name."""
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        key, _, value = line.replace("=", ":", 1).partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
