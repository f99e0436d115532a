"""One partition of the escalation topic: what of it was read and is not taken yet, in order."""

from collections import deque

from confluent_kafka import Message, TopicPartition

from qosresolve.kafka.dead_letters import Brake
from qosresolve.kafka.offsets import Place
from qosresolve.notify.answers import Wait

MOST = 500  # records that wait in memory; more stay with the brokers
FEW = 100  # so many are left when the next ones are fetched


class Lane:
    """Held from one assignment to its loss; `wait` is that of its first record, where it alone fails."""

    def __init__(self, place: Place, epoch: int, wait: Wait, brake: Brake) -> None:
        self.number = place[1]
        self.epoch = epoch
        self.wait = wait
        self.ready = False
        self.stopped = False
        self.paused = False
        self.tried_at = 0.0
        self._brake = brake
        self._place = place
        self._waiting: deque[Message] = deque()
        self._next: int | None = None

    @property
    def at(self) -> TopicPartition:
        """Return where it lies."""
        return TopicPartition(*self._place)

    @property
    def first(self) -> Message | None:
        """Return what is to be told next."""
        return self._waiting[0] if self._waiting else None

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, message: Message) -> None:
        """Append what was read."""
        self._waiting.append(message)

    def done(self, *, dead: bool) -> None:
        """Note that the first was taken, or buried: its offset is to be committed."""
        message = self._waiting.popleft()
        self._next = (message.offset() or 0) + 1
        self.wait.worked()
        self._brake.count(dead=dead)
        self.stopped = self.stopped or self._brake.pulled

    @property
    def uncommitted(self) -> TopicPartition | None:
        """Return the offset that is to be committed; nothing more is told before."""
        return None if self._next is None else TopicPartition(*self._place, self._next)

    def committed(self) -> None:
        """Note that it is."""
        self._next = None

    @property
    def state(self) -> str:
        """Return one of `NOTIFY_STATES`; `failing` is one whose first record alone is not taken."""
        if self.stopped:
            return "stopped"
        if not self.ready:
            return "beginning"
        return "failing" if self.wait.failures else "reading"

    def due(self, now: float) -> bool:
        """Tell whether there is something to tell at an instant of the monotonic clock, s."""
        return bool(
            self.ready and not self.stopped and self._waiting and self._next is None and self.wait.over(now)
        )

    @property
    def full(self) -> bool:
        """Tell whether no more is to be read."""
        return len(self._waiting) >= (FEW if self.paused else MOST)
