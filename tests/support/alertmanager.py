"""A real Alertmanager on this machine, the one that `make contracts-check` fetches."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING, Any, cast

from tests.support.kafka_broker import LOOPBACK, free_port
from tests.support.tools import tool

if TYPE_CHECKING:
    from pathlib import Path

START_S = 30.0


class Alertmanager:
    """Keeps its port and its configuration from one start to the next; its alerts die with it."""

    def __init__(self, folder: Path, config: str) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "alertmanager.yml").write_text(config, encoding="utf-8")

    @property
    def url(self) -> str:
        """Return its base address."""
        return f"http://{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Start it, and wait until it is ready. Fails with what it said."""
        with (self._folder / "alertmanager.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(tool("bin/alertmanager")),
                    f"--config.file={self._folder / 'alertmanager.yml'}",
                    f"--storage.path={self._folder / 'alertmanager'}",
                    f"--web.listen-address={LOOPBACK}:{self._port}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + START_S
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError((self._folder / "alertmanager.log").read_text()[-3_000:])
            time.sleep(0.05)

    def _ready(self) -> bool:
        try:
            self._get("/-/ready")
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def alerts(self) -> list[dict[str, Any]]:
        """Return what is open, the oldest first."""
        found = cast("list[dict[str, Any]]", json.loads(self._get("/api/v2/alerts")))
        return sorted(found, key=lambda alert: str(alert["startsAt"]))

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310 - our own
            return bytes(answer.read())
