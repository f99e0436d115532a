"""A receiver on this machine: keeps what it is sent, and answers as a test says."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.kafka_broker import LOOPBACK, free_port


@dataclass(frozen=True, slots=True)
class Got:
    """One request; `at` is of the monotonic clock, s."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass(frozen=True, slots=True)
class Say:
    """An answer: a status, headers, a body; `hang_s` before it, or no answer but a closed connection."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    hang_s: float = 0.0
    drop: bool = False


OK = Say()
Answering = Callable[[Got], Say]


class Receiver:
    """Keeps its port and what it got from one start to the next; `answers` may be changed at any time."""

    def __init__(self, answers: Answering = lambda _: OK, tls: ssl.SSLContext | None = None) -> None:
        self.port = free_port()
        self.got: list[Got] = []
        self.taken: list[Got] = []  # what it answered with 2xx
        self.answers = answers
        self._tls = tls
        self._server: ThreadingHTTPServer | None = None
        self._over = threading.Event()

    @property
    def url(self) -> str:
        """Return its address."""
        return f"{'https' if self._tls else 'http'}://{LOOPBACK}:{self.port}/hook"

    def start(self) -> None:
        """Answer from now on."""
        self._over.clear()
        self._server = _Quiet((LOOPBACK, self.port), self._handler())
        if self._tls is not None:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self._over.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                got = Got(self.command, self.path, headers, body, time.monotonic())
                receiver.got.append(got)
                said = receiver.answers(got)
                if receiver._over.wait(said.hang_s) or said.drop:
                    self.close_connection = True
                    return
                if 200 <= said.status < 300:
                    receiver.taken.append(got)
                self.send_response(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                if said.status != 204:
                    self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                if said.status != 204:
                    self.wfile.write(said.body)

            do_GET = do_POST  # noqa: N815 - the base class's way to name it

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A client that went away is what some tests are about."""


@contextmanager
def receiving(answers: Answering = lambda _: OK, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver for the length of a block."""
    receiver = Receiver(answers, tls)
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()
