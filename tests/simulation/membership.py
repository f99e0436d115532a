"""A consumer's side of its group: what it was told, what its application has still to hear.

The client joins, beats and rejoins in the background, whether its application polls or not; only the
callbacks wait for the next `consume()`. Both protocols share this.
"""

import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Self

from confluent_kafka import KafkaError

from tests.simulation.processes import NEVER, Process


class Kind(Enum):
    """What an application is told."""

    ASSIGN = auto()
    REVOKE = auto()
    LOST = auto()
    ERROR = auto()


@dataclass(frozen=True, slots=True)
class Event:
    """A callback, or an error, that waits for the application."""

    kind: Kind
    partitions: frozenset[int] = frozenset()
    error: KafkaError | None = None


@dataclass(frozen=True, slots=True)
class GroupMetadata:
    """Who a consumer was when it was asked: what `send_offsets_to_transaction` is given, in its bytes."""

    group: str
    generation: int = -1
    member: str = ""
    instance: str | None = None

    def write(self) -> bytes:
        """Return it as librdkafka writes it."""
        head = b"CGMDv2:" + self.generation.to_bytes(4, sys.byteorder, signed=True)
        names = f"{self.group}\0{self.member}\0".encode()
        return head + names + (b"\1" if self.instance is None else b"\0" + self.instance.encode() + b"\0")

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Return what was written."""
        group, member, rest = data[11:].split(b"\0", 2)
        instance = None if rest == b"\1" else rest.strip(b"\0").decode()
        generation = int.from_bytes(data[7:11], sys.byteorder, signed=True)
        return cls(group.decode(), generation, member.decode(), instance)


@dataclass(slots=True, eq=False)
class Membership:
    """One consumer in one group."""

    group: str
    topic: str
    process: Process
    session_ms: int
    heartbeat_ms: int
    max_poll_ms: int
    instance: str | None = None
    member: str = ""
    generation: int = -1
    joining: bool = False
    left: bool = False
    fatal: bool = False
    owned: frozenset[int] = frozenset()
    pending: frozenset[int] | None = None  # to be assigned once what goes was given up
    rejoin: bool = False  # once the present callback was served
    expelled: bool = False  # by itself, for not having polled
    next_beat: int = 0
    retry_at: int = 0
    heard: int = 0  # when the coordinator answered last
    polled: int = 0
    polling: bool = False
    events: deque[Event] = field(default_factory=deque)

    @property
    def running(self) -> bool:
        """True while its background thread does anything."""
        return self.process.running and not self.left and not self.fatal

    @property
    def busy(self) -> bool:
        """True while the application has to serve a callback first."""
        return any(event.kind is not Kind.ERROR for event in self.events)

    @property
    def may_join(self) -> bool:
        """True when it is out, knows it, and polls."""
        return self.rejoin and not self.busy and self.polled < NEVER

    def metadata(self) -> GroupMetadata:
        """Return who we are by now."""
        return GroupMetadata(self.group, self.generation, self.member, self.instance)

    # -- told by the group

    def assigned(self, share: frozenset[int]) -> None:
        """Take a new assignment: what goes is given up first, and then the group is joined again."""
        self.joining = False
        gone, added = self.owned - share, share - self.owned
        if gone:
            self.pending = added
            self.events.append(Event(Kind.REVOKE, gone))
        else:
            self.events.append(Event(Kind.ASSIGN, added))

    def lose(self, *, member: bool) -> None:
        """We are no member any more: everything is lost, and joined again once the application knows."""
        if member:
            self.member = ""
        else:
            self.generation = -1
        self.joining = False
        self._drop_callbacks()
        self.rejoin = True
        if self.owned:
            self.events.append(Event(Kind.LOST, self.owned))

    def lost_by_silence(self, error: Event) -> None:
        """Everything is lost, for the application did not poll; the coordinator does not know yet."""
        self._drop_callbacks()
        self.expelled = self.rejoin = True
        if self.owned:
            self.events.append(Event(Kind.LOST, self.owned))
        self.events.append(error)

    def give_up(self) -> None:
        """Give up everything, in order to leave: first what was to go anyway."""
        going = [event for event in self.events if event.kind is Kind.REVOKE]
        self._drop_callbacks()
        self.events.clear()
        left = self.owned.difference(*(event.partitions for event in going))
        self.events.extend([*going, Event(Kind.REVOKE, left)] if left else going)

    def _drop_callbacks(self) -> None:
        self.pending = None
        kept = [event for event in self.events if event.kind is Kind.ERROR]
        self.events.clear()
        self.events.extend(kept)

    def fail(self, code: int, words: str) -> None:
        """Stop for good; the application is told, with the words of the real client, and called no more."""
        self.fatal = True
        self._drop_callbacks()
        text = f"Fatal error: {KafkaError(code).str()}: {words}"
        self.events.append(Event(Kind.ERROR, error=KafkaError(KafkaError._FATAL, text)))

    # -- served by the application

    def serve(self, callback: Callable[[Event], None]) -> KafkaError | None:
        """Run what waits; return an error that was met. The callback's own exceptions come after the fact."""
        while self.events:
            event = self.events.popleft()
            if event.kind is Kind.ERROR:
                return event.error
            try:
                callback(event)
            finally:
                self._served(event)
        return None

    def _served(self, event: Event) -> None:
        if event.kind is Kind.ASSIGN:
            self.owned |= event.partitions
            return
        self.owned -= event.partitions
        if self.pending is not None:
            added, self.pending = self.pending, None
            self.rejoin = True
            self.events.append(Event(Kind.ASSIGN, added))
