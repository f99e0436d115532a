"""A schema registry that can be stopped: as much of its interface as the client asks for."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.kafka_broker import LOOPBACK, free_port


class Registry:
    """Keeps its port, and what it was told, from one start to the next."""

    def __init__(self) -> None:
        self._port = free_port()
        self._schemas: list[str] = []
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Return where it answers while it runs."""
        return f"http://{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Answer from now on."""
        self._server = ThreadingHTTPServer((LOOPBACK, self._port), _handler(self._schemas))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _handler(schemas: list[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Return the schema of an id, `/schemas/ids/<id>`."""
            number = int(self.path.partition("?")[0].rsplit("/", 1)[1])
            self._say({"schema": schemas[number - 1]})

        def do_POST(self) -> None:
            """Register a schema; the same one has the same id."""
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["schema"]
            if told not in schemas:
                schemas.append(told)
            self._say({"id": schemas.index(told) + 1})

        def _say(self, answer: dict[str, object]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
