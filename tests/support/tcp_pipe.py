"""One proxied connection: its bytes, delayed, narrowed or blocked, and its request that is held back."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

CHUNK = 65_536
TICK_S = 0.01
QUEUED = 256  # chunks on their way; more, and the sender has to wait
_NOW = struct.pack("ii", 1, 0)  # linger on, for no time: closing resets

Read = Callable[[asyncio.StreamReader], Awaitable[bytes]]


class EndedError(Exception):
    """One side closed, and what it had sent is delivered."""


@dataclass(slots=True)
class Flow:
    """What happens to the bytes of one direction. Order is kept; bytes that wait go on when it heals."""

    latency_s: float = 0.0
    jitter_s: float = 0.0  # up to so much more, at random
    bytes_per_s: float = 0.0  # of each connection; 0: as fast as it goes
    blocked: bool = False  # as by a broken network: connections stay, nothing arrives until it heals

    def heal(self) -> None:
        """Let everything through at once."""
        self.latency_s = self.jitter_s = self.bytes_per_s = 0.0
        self.blocked = False


@dataclass(slots=True, eq=False)
class Held:
    """A request that is kept back, and what the broker said to it in the end; nothing if it hung up."""

    request: bytes
    answer: bytes = b""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def correlation(self) -> bytes:
        """What the broker's answer begins with, behind its length."""
        return self.request[8:12]


@dataclass(slots=True, eq=False)
class Pipe:
    """Both sides of a connection. `keep` says of a request whether it is to be held back."""

    client: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    read: Read
    keep: Callable[[bytes], Held | None]
    chance: random.Random
    held: Held | None = None

    async def run(self, to_broker: Flow, to_client: Flow) -> None:
        """Carry bytes both ways until one side closes."""
        asked: Queue = asyncio.Queue(QUEUED)
        answered: Queue = asyncio.Queue(QUEUED)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ask(asked, to_broker))
                group.create_task(self._carry(asked, self.upstream[1], to_broker))
                group.create_task(self._answer(answered, to_client))
                group.create_task(self._carry(answered, self.client[1], to_client))
        except* (EndedError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for _, writer in (self.client, self.upstream):
                writer.close()
            if self.held is not None:
                self.held.over.set()

    def cut(self) -> None:
        """Reset it, on both sides; one that holds something back stays open towards the broker."""
        reset(self.client[1])
        if self.held is None:
            reset(self.upstream[1])

    async def _ask(self, queue: Queue, flow: Flow) -> None:
        while True:
            request = await self._next(self.client[0], queue)
            self.held = self.keep(request)
            if self.held is not None:
                reset(self.client[1])
                await self.held.released.wait()
            await queue.put((self._due(flow), request))
            if self.held is not None:
                await self.held.over.wait()
                raise EndedError

    async def _answer(self, queue: Queue, flow: Flow) -> None:
        while True:
            answer = await self._next(self.upstream[0], queue)
            if self.held is None:
                await queue.put((self._due(flow), answer))
            elif answer[4:8] == self.held.correlation:
                self.held.answer = answer[4:]
                self.held.over.set()

    async def _next(self, reader: asyncio.StreamReader, queue: Queue) -> bytes:
        """Return what comes next; at the end let the other side have all of it first."""
        try:
            return await self.read(reader)
        except asyncio.IncompleteReadError:
            await queue.put(None)
            await asyncio.Event().wait()  # the carrier ends it all
            raise

    def _due(self, flow: Flow) -> float:
        return asyncio.get_running_loop().time() + flow.latency_s + self.chance.uniform(0, flow.jitter_s)

    async def _carry(self, queue: Queue, to: asyncio.StreamWriter, flow: Flow) -> None:
        while (item := await queue.get()) is not None:
            due, chunk = item
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            while chunk:
                while flow.blocked:  # noqa: ASYNC110  set by any thread
                    await asyncio.sleep(TICK_S)
                size = max(1, int(flow.bytes_per_s * TICK_S)) if flow.bytes_per_s else len(chunk)
                to.write(chunk[:size])
                await to.drain()
                chunk = chunk[size:]
                if flow.bytes_per_s:
                    await asyncio.sleep(size / flow.bytes_per_s)
        raise EndedError


Queue = asyncio.Queue[tuple[float, bytes] | None]


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """Return one request or answer of Kafka's, with its length in front."""
    head = await reader.readexactly(4)
    return head + await reader.readexactly(int.from_bytes(head, "big"))


async def read_some(reader: asyncio.StreamReader) -> bytes:
    """Return what is there, whatever it is."""
    chunk = await reader.read(CHUNK)
    if not chunk:
        raise asyncio.IncompleteReadError(b"", None)
    return chunk


def reset(writer: asyncio.StreamWriter) -> None:
    """Close it as a dying firewall would: what is under way is lost."""
    found = writer.get_extra_info("socket")
    if found is not None and found.fileno() >= 0:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NOW)
    writer.transport.abort()
