"""Metrics and health on one port: `/metrics`, `/healthz` (the loop moves), `/readyz` (nothing is awaited)."""

import threading
import time
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from qosresolve.errors import ConfigError

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Health:
    """Whether the process lives and is ready; roles report, probes ask."""

    def __init__(self, stale_after_s: float = 30.0) -> None:
        self._stale_after_s = stale_after_s
        self._moved: dict[str, float] = {}
        self._ready: dict[str, bool] = {}
        self._waits: dict[str, str] = {}

    def begin(self, role: str) -> None:
        """Watch a role from now on, before its first beat."""
        self._moved[role] = time.monotonic()
        self._ready[role] = False

    def end(self, role: str) -> None:
        """Watch a role no longer."""
        self._moved.pop(role, None)
        self._waits.pop(role, None)

    def silent(self, limit_s: float) -> list[str]:
        """Return the roles that have not moved for longer than that."""
        oldest = time.monotonic() - limit_s
        return sorted(role for role, moved in list(self._moved.items()) if moved < oldest)

    def beat(self, role: str, *, ready: bool) -> None:
        """Say that a role's loop went round."""
        self._moved[role] = time.monotonic()
        self._ready[role] = ready

    def waits(self, role: str, why: str) -> None:
        """Say that a role waits for something outside, and takes nothing until then."""
        self._waits[role] = why

    def goes_on(self, role: str) -> None:
        """Say that a role waits for nothing."""
        self._waits.pop(role, None)

    @property
    def waiting(self) -> list[str]:
        """Return who waits for what, a line each."""
        return [f"{role} waits: {why}" for role, why in sorted(self._waits.copy().items())]

    @property
    def alive(self) -> bool:
        """True while every role's loop has moved lately."""
        return bool(self._moved) and not self.silent(self._stale_after_s)

    @property
    def ready(self) -> bool:
        """True when every role has its partitions restored, and waits for nothing."""
        return self.alive and all(self._ready.values()) and not self._waits


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Probes are not news."""


def serve(health: Health, registry: CollectorRegistry, host: str, port: int) -> int:
    """Serve in a daemon thread; return the port that is listened on. Port 0 takes a free one."""
    metrics = make_wsgi_app(registry)

    def app(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return cast("Iterable[bytes]", metrics(environ, start))
        probes = {"/healthz": health.alive, "/readyz": health.ready}
        if path not in probes:
            start("404 Not Found", [("content-type", "text/plain")])
            return [b"try /metrics, /healthz or /readyz\n"]
        status = "200 OK" if probes[path] else "503 Service Unavailable"
        start(status, [("content-type", "text/plain")])
        waiting = health.waiting if path == "/readyz" else []
        return ["".join(f"{line}\n" for line in (status[4:], *waiting)).encode()]

    try:
        server = make_server(host, port, app, server_class=_Server, handler_class=_Quiet)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}",
            setting="http_port",
            remedy="choose a free port",
        ) from None
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return int(server.server_port)
