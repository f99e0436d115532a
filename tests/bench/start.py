"""How soon the program is there: `python -m tests.bench.start` (`make bench-start`).

`qosresolve --help`, and `qosresolve run worker` as a process of its own, from its start to its readiness: on
topics that were just made, where it also publishes a policy, and started again on the same ones. On a real
broker of its own, with a group that nobody waits for (`group.initial.rebalance.delay.ms=0`; brokers have
three seconds by default, which the first member of an empty group waits in addition).
"""

import argparse
import os
import secrets
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from urllib.error import URLError

from qosresolve.kafka import topics_admin
from qosresolve.settings import Settings
from tests.kafka.harness import settings_for
from tests.support.kafka_server import KafkaServer, free_port

PARTITIONS = 12
LONG_S = 60.0
LOOK_S = 0.005


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="of each")
    runs = parser.parse_args().runs
    _print("--help", [help_s() for _ in range(runs)])
    with KafkaServer() as server:
        ready_s(_settings(server.bootstrap))  # the brokers' own topics are made once
        for protocol in ("classic", "consumer"):
            first, again = [], []
            for _ in range(runs):
                settings = _settings(server.bootstrap, f"group_protocol={protocol}")
                first.append(ready_s(settings))
                again.append(ready_s(settings))
            _print(f"run worker, {PARTITIONS} new partitions, {protocol} protocol", first)
            _print("the same, started again", again)


def _settings(bootstrap: str, *more: str) -> Settings:
    made = settings_for(bootstrap, f"start{secrets.token_hex(4)}.", f"partitions={PARTITIONS}", *more)
    topics_admin.create(made)
    return made


def help_s() -> float:
    """Return for how many seconds one asks what the commands are."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "qosresolve", "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def ready_s(settings: Settings) -> float:
    """Return after how many seconds a worker says that it is ready; it ends as by a supervisor."""
    port = free_port()
    said = settings.model_dump(exclude_unset=True) | {"http_port": port, "log_level": "error"}
    environment = {f"QOSRESOLVE_{name.upper()}": str(value) for name, value in said.items()}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "qosresolve", "run", "worker"], env=os.environ | environment
    )
    try:
        while not ready(port):
            if process.poll() is not None or time.monotonic() - began > LONG_S:
                raise RuntimeError(f"the worker is not ready (status {process.returncode})")
            time.sleep(LOOK_S)
        return time.monotonic() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(LONG_S)


def ready(port: int) -> bool:
    """Tell whether the process with that port says that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError):
        return False


def _print(what: str, took: list[float]) -> None:
    least, middle, most = min(took), statistics.median(took), max(took)
    sys.stdout.write(f"{middle:6.2f} s  ({least:.2f} to {most:.2f}, {len(took)} runs)  {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
