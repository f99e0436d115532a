"""A TCP proxy on loopback that delays, narrows, blocks and cuts, and can hold back requests of Kafka's.

Scope: switching faults on and off, from any thread; it runs in a thread of its own. What happens to the bytes
of a connection is in `tcp_pipe`. Nothing is ever rewritten, so the broker has to advertise the proxy's port.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Self, TypeVar

from tests.support.kafka_broker import LOOPBACK, free_port
from tests.support.tcp_pipe import TICK_S, Flow, Held, Pipe, read_frame, read_some, reset

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType

END_TXN = 26  # Kafka's key of the request that commits or aborts a transaction
LATE_S = 10.0  # how long a broker may take to answer what is delivered late
T = TypeVar("T")


class TcpProxy:
    """Listens on `port` and passes everything on to `target`, both on loopback.

    `to_broker` and `to_client` say what happens to the bytes of each direction; the methods set both.
    With `kafka`, bytes are taken request by request (so no TLS) and `requests` counts them by api key.
    """

    def __init__(self, target: int, *, kafka: bool = True, seed: int = 0) -> None:
        self.port = free_port()
        self.target = target
        self.to_broker = Flow()
        self.to_client = Flow()
        self.requests: Counter[int] = Counter()
        self._read = read_frame if kafka else read_some
        self._kafka = kafka
        self._chance = random.Random(seed)
        self._holding: Counter[int] = Counter()
        self._held: list[Held] = []
        self._pipes: set[Pipe] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, LOOPBACK, self.port))
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._thread.start()

    # -- faults

    def slow(self, latency_s: float, jitter_s: float = 0.0) -> None:
        """Delay everything, both ways."""
        for flow in (self.to_broker, self.to_client):
            flow.latency_s, flow.jitter_s = latency_s, jitter_s

    def throttle(self, bytes_per_s: float) -> None:
        """Let through no more than so much of each connection, both ways."""
        for flow in (self.to_broker, self.to_client):
            flow.bytes_per_s = bytes_per_s

    def black_hole(self) -> None:
        """Accept connections and bytes, and let nothing through."""
        for flow in (self.to_broker, self.to_client):
            flow.blocked = True

    def reset(self) -> int:
        """Reset every connection; return how many there were."""
        return self._run(self._reset())

    def heal(self) -> None:
        """End every fault but what is held: `release` delivers that, `close` drops it."""
        self._holding.clear()
        self.to_broker.heal()
        self.to_client.heal()

    # -- requests that arrive late

    def hold(self, api_key: int = END_TXN, times: int = 1) -> None:
        """Keep back the next such requests: the client's connection is reset, so it asks again on another."""
        self._loop.call_soon_threadsafe(self._holding.update, {api_key: times})

    @property
    def held(self) -> int:
        """How many requests are kept back."""
        return len(self._held)

    def await_held(self, count: int = 1, timeout_s: float = 30.0) -> None:
        """Return when so many requests are kept back. Raises TimeoutError."""
        end = time.monotonic() + timeout_s
        while self.held < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{self.held} of {count} requests were held within {timeout_s:.0f} s")
            time.sleep(TICK_S)

    def release(self) -> list[bytes]:
        """Deliver what is kept back, on the connections it came on; return the broker's answers.

        An answer begins with the correlation id; it is empty where the broker had hung up.
        """
        return self._run(self._release())

    # -- life

    def close(self) -> None:
        """End every connection, and it."""
        if not self._loop.is_closed():
            self._run(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- in its own thread

    def _run(self, work: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LATE_S * 2)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._connect(reader, writer)
        except asyncio.CancelledError:
            reset(writer)  # the server's own callback would log it as a fault
        finally:
            self._serving.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self.to_broker.blocked:  # noqa: ASYNC110  set by any thread
            await asyncio.sleep(TICK_S)
        try:
            upstream = await asyncio.open_connection(LOOPBACK, self.target)
        except OSError:
            reset(writer)  # the broker is dead; it cannot be refused any more
            return
        pipe = Pipe((reader, writer), upstream, self._read, self._keep, self._chance)
        self._pipes.add(pipe)
        try:
            await pipe.run(self.to_broker, self.to_client)
        finally:
            self._pipes.discard(pipe)

    def _keep(self, request: bytes) -> Held | None:
        if not self._kafka:
            return None
        api_key = int.from_bytes(request[4:6], "big")
        self.requests[api_key] += 1
        if not self._holding[api_key]:
            return None
        self._holding[api_key] -= 1
        self._held.append(Held(request))
        return self._held[-1]

    async def _reset(self) -> int:
        pipes = [pipe for pipe in self._pipes if pipe.held is None]
        for pipe in pipes:
            pipe.cut()
        return len(pipes)

    async def _release(self) -> list[bytes]:
        late, self._held = self._held, []
        for held in late:
            held.released.set()
        async with asyncio.timeout(LATE_S):
            for held in late:
                await held.over.wait()
        return [held.answer for held in late]

    async def _end(self) -> None:
        self._server.close()
        for pipe in self._pipes:
            pipe.cut()
        tasks = list(self._serving)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)  # aborted transports close in the next round
