"""A registry's front that can fail: it passes everything on to a real one, or answers as a fault would."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from tests.support.kafka_broker import LOOPBACK, free_port

if TYPE_CHECKING:
    from types import TracebackType

JSON = "application/vnd.schemaregistry.v1+json"
ANSWERS: dict[str, tuple[int, str]] = {
    "401": (401, '{"error_code": 401, "message": "Unauthorized"}'),
    "403": (403, '{"error_code": 40301, "message": "User is denied operation Read on Subject"}'),
    "429": (429, '{"error_code": 429, "message": "slow down"}'),
    "500": (500, '{"error_code": 50001, "message": "Error in the backend data store"}'),
    "503": (503, "upstream connect error"),
    "page": (200, "<html><body>Welcome</body></html>"),
    "empty": (200, "{}"),
    "list": (200, "[]"),
    "elsewhere": (404, '{"error_code": 404, "message": "HTTP 404 Not Found"}'),  # a wrong base path
    "no-such-page": (404, "<h1>404</h1>"),
    "refusal": (200, '{"is_compatible": false, "messages": ["no default: x", "{oldSchemaVersion: 1}"]}'),
    "forgot": (404, '{"error_code": 40403, "message": "Schema not found"}'),  # its store is lost
}
SILENT = "silent"  # takes the question, and says nothing
CUT = "cut"  # hangs up
TRICKLE = "trickle"  # says the right thing, a byte at a time


class Faulty:
    """Answers by `fault`: one of ANSWERS, SILENT, CUT, TRICKLE; without one the registry at `target` does."""

    def __init__(self, target: str = "") -> None:
        self.fault = ""
        self.asked: list[str] = []  # what came, as `GET /path`, faults included
        self._at = urlsplit(target)
        self._over = threading.Event()  # nobody waits any more
        self._server = ThreadingHTTPServer((LOOPBACK, free_port()), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens, the base path of the target included."""
        return f"http://{LOOPBACK}:{self._server.server_port}{self._at.path}"

    def passed_on(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        """What the real registry says."""
        asking = http.client.HTTPConnection(self._at.hostname or LOOPBACK, self._at.port, timeout=10)
        try:
            asking.request(method, path, body, {"Content-Type": JSON} if body is not None else {})
            answer = asking.getresponse()
            return answer.status, answer.read()
        finally:
            asking.close()

    def pause(self, fault: str) -> bool:
        """Wait for a moment; tell whether a fault goes on."""
        return self.fault == fault and not self._over.wait(0.05)

    def close(self) -> None:
        """Refuse connections from now on."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _handler(front: Faulty) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = self.headers["Content-Length"]
            body = self.rfile.read(int(length)) if length else None
            front.asked.append(f"{self.command} {self.path}")
            fault = front.fault
            if fault in (SILENT, CUT):
                while fault == SILENT and front.pause(SILENT):
                    pass
                self.close_connection = True
                return
            if fault in ANSWERS:
                status, text = ANSWERS[fault]
                said = text.encode()
            else:
                status, said = front.passed_on(self.command, self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", JSON)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            while said and front.pause(TRICKLE):
                self.wfile.write(said[:1])
                said = said[1:]
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
