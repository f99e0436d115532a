"""A consumer's side of its group: what it was told, what its application has still to hear.

The client joins, beats and rejoins in the background, whether its application polls or not; only the
callbacks wait for the next `consume()`. Both protocols share this.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from confluent_kafka import KafkaError

from tests.simulation.processes import Process


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
    """What `send_offsets_to_transaction` is given: who we were when it was asked for."""

    group: str
    generation: int = -1
    member: str = ""
    instance: str | None = None


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
    next_beat: int = 0
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
        self.pending = None
        kept = [event for event in self.events if event.kind is Kind.ERROR]
        self.events.clear()
        self.events.extend(kept)
        self.rejoin = True
        if self.owned:
            self.events.append(Event(Kind.LOST, self.owned))

    def fail(self, code: int, reason: str) -> None:
        """Stop for good; the application is told."""
        self.fatal = True
        self.events.append(Event(Kind.ERROR, error=KafkaError(code, reason, fatal=True)))

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
