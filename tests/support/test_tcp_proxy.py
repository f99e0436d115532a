"""The proxy does to a connection what it says, and a request that it holds back arrives late and once."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.kafka_broker import LOOPBACK
from tests.support.tcp_proxy import END_TXN, TcpProxy

PATIENCE_S = 10.0
METADATA = 3


class FrameServer:
    """Stands for a broker: notes every request, and answers it with its correlation id."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self._socket = socket.create_server((LOOPBACK, 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream:
            try:
                while head := stream.read(4):
                    request = stream.read(int.from_bytes(head, "big"))
                    self.seen.append(request)
                    stream.write(framed(request[4:8] + b"answer"))
                    stream.flush()
            except ConnectionError:
                return

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closed before
            self._socket.shutdown(socket.SHUT_RDWR)  # ends the wait in accept
        self._socket.close()


def framed(body: bytes) -> bytes:
    return struct.pack(">i", len(body)) + body


def request(api_key: int, correlation: int, size: int = 0) -> bytes:
    """A request's header as Kafka has it: key, version, correlation id; then whatever."""
    return framed(struct.pack(">hhi", api_key, 1, correlation) + b"x" * size)


def ask(client: socket.socket, sent: bytes) -> bytes:
    """Send a request and return its answer, without the length."""
    client.sendall(sent)
    return read_frame(client)


def read_frame(client: socket.socket) -> bytes:
    return read_exactly(client, int.from_bytes(read_exactly(client, 4), "big"))


def read_exactly(client: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        chunk = client.recv(size - len(found))
        if not chunk:
            raise ConnectionError("closed in mid-answer")
        found += chunk
    return found


@pytest.fixture
def server() -> Iterator[FrameServer]:
    """A server that answers requests."""
    made = FrameServer()
    yield made
    made.close()


@pytest.fixture
def proxy(server: FrameServer) -> Iterator[TcpProxy]:
    """A proxy before it."""
    with TcpProxy(server.port) as made:
        yield made


@pytest.fixture
def client(proxy: TcpProxy) -> Iterator[socket.socket]:
    """A connection through the proxy."""
    with connected(proxy) as made:
        yield made


def connected(proxy: TcpProxy) -> socket.socket:
    return socket.create_connection((LOOPBACK, proxy.port), PATIENCE_S)


def test_without_faults_everything_passes_and_is_counted(proxy: TcpProxy, client: socket.socket) -> None:
    """Requests and answers pass whole, in order, however large; the proxy knows what was asked."""
    sent = [request(METADATA, number, size) for number, size in enumerate((0, 10, 300_000))]

    answers = [ask(client, each) for each in sent]

    assert answers == [struct.pack(">i", number) + b"answer" for number in range(3)]
    assert proxy.requests == {METADATA: 3}


def test_latency_delays_both_ways_and_keeps_the_order(proxy: TcpProxy, client: socket.socket) -> None:
    """Requests under way at once are delayed together, not one after another, and stay in order."""
    proxy.slow(0.15, jitter_s=0.05)
    began = time.monotonic()

    for number in range(20):
        client.sendall(request(METADATA, number))
    answers = [read_frame(client)[:4] for _ in range(20)]

    assert 0.3 <= time.monotonic() - began < 3
    assert answers == [struct.pack(">i", number) for number in range(20)]


def test_a_throttled_connection_takes_its_time(proxy: TcpProxy, client: socket.socket) -> None:
    """50 kB at 100 kB/s take half a second."""
    proxy.throttle(100_000)
    began = time.monotonic()

    ask(client, request(METADATA, 1, 50_000))

    assert time.monotonic() - began > 0.45


def test_a_black_hole_accepts_and_says_nothing_until_it_heals(
    proxy: TcpProxy, server: FrameServer, client: socket.socket
) -> None:
    """Old and new connections stay open without an answer; what was sent arrives when it heals."""
    proxy.black_hole()
    with connected(proxy) as late:
        for each in (client, late):
            each.sendall(request(METADATA, 7))
            each.settimeout(0.2)
            with pytest.raises(TimeoutError):
                each.recv(1)
        assert server.seen == []

        proxy.heal()

        for each in (client, late):
            each.settimeout(PATIENCE_S)
            assert read_frame(each) == struct.pack(">i", 7) + b"answer"


def test_a_reset_ends_every_connection_but_no_new_one(proxy: TcpProxy, client: socket.socket) -> None:
    """The client sees a reset, not an end; it may connect again."""
    ask(client, request(METADATA, 1))

    assert proxy.reset() == 1

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with connected(proxy) as again:
        assert ask(again, request(METADATA, 2))


def test_a_dead_broker_is_a_reset(proxy: TcpProxy, server: FrameServer) -> None:
    """Nobody behind the proxy: a client learns it at once."""
    server.close()

    with pytest.raises(ConnectionError), connected(proxy) as client:
        ask(client, request(METADATA, 1))


def test_a_held_request_arrives_after_its_repetition(
    proxy: TcpProxy, server: FrameServer, client: socket.socket
) -> None:
    """The client is cut off and asks again; what was held arrives when released, on its old connection."""
    ask(client, request(METADATA, 1))
    proxy.hold()
    client.sendall(request(END_TXN, 2, 30))
    proxy.await_held()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with connected(proxy) as again:
        assert ask(again, request(END_TXN, 3, 30))  # only one was to be held
        assert proxy.reset() == 1, "what is held is not reset"

    answers = proxy.release()

    assert answers == [struct.pack(">i", 2) + b"answer"]
    assert [seen[4:8] for seen in server.seen] == [struct.pack(">i", number) for number in (1, 3, 2)]
    assert proxy.held == 0


def test_what_is_held_when_the_broker_hangs_up_has_no_answer(proxy: TcpProxy, client: socket.socket) -> None:
    """A broker that died meanwhile never gets the request."""
    proxy.hold()
    client.sendall(request(END_TXN, 1))
    proxy.await_held()

    for pipe in list(proxy._pipes):
        pipe.upstream[1].close()

    assert proxy.release() == [b""]


def test_bytes_that_are_not_kafkas_pass_too(server: FrameServer) -> None:
    """With TLS nothing can be read of them: they pass as they come."""
    with TcpProxy(server.port, kafka=False) as proxy, connected(proxy) as client:
        client.sendall(request(END_TXN, 1)[:6])
        client.sendall(request(END_TXN, 1)[6:])

        assert read_frame(client) == struct.pack(">i", 1) + b"answer"
        assert not proxy.requests
