"""What waits for the inventory: observations of objects that no product is known for. Pure.

Answers that no request is known for wait here too, for whoever looks at them: nothing that comes frees them.

What one source says of one object is a queue: while something of it waits, all that comes later waits behind
it, so that an abatement never overtakes its raise. The lot is what is committed; a batch works on an overlay,
which is dropped when the batch is.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from qosresolve.core.record import record
from qosresolve.errors import PoisonRecordError
from qosresolve.intake.reading import Observation

Queue = tuple[str, str]  # source and the most specific name of its object

_read_observation = msgspec.json.Decoder(Observation).decode
written = msgspec.json.Encoder().encode


class Reason(StrEnum):
    """Why an observation waits."""

    UNKNOWN_OBJECT = "unknownObject"
    BEHIND_OTHERS = "behindOthers"
    FANNING_OUT = "fanningOut"
    UNKNOWN_REQUEST = "unknownRequest"


@dataclass(frozen=True, slots=True)
class ForeignHeader:
    """One header of a record that others wrote."""

    name: str
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Parked:
    """One parked observation as it lies on its topic (`schemas/parked.avsc`).

    `after` is the product up to which its events are out. `original` is None where the payload is too large
    to be kept once for each of its observations.
    """

    topic: str
    partition: int
    offset: int
    part: int
    order: int
    reason: str
    parked_at: int
    recorded_at: int
    after: str
    format: str
    objects: tuple[str, ...]
    observation: bytes
    size: int
    key: bytes | None = None
    headers: tuple[ForeignHeader, ...] = ()
    original: bytes | None = None

    @property
    def queue(self) -> Queue:
        """Return the queue that it belongs to. Raises PoisonRecordError as `seen`."""
        if self.reason == Reason.UNKNOWN_REQUEST:
            return self.format, self.objects[0] if self.objects else ""
        return queue_of(self.seen())

    @property
    def awaited(self) -> tuple[str, ...]:
        """Return the names of objects that end its wait when the inventory learns of them."""
        return () if self.reason == Reason.UNKNOWN_REQUEST else self.objects

    @property
    def record_key(self) -> str:
        """Return the key of its record: where the event lay, and which part of it."""
        return key_of(self.topic, self.partition, self.offset, self.part)

    def seen(self) -> Observation:
        """Return what was observed. Raises PoisonRecordError for what a newer version wrote."""
        try:
            return _read_observation(self.observation)
        except msgspec.DecodeError as error:
            raise PoisonRecordError(
                f"the observation of {self.record_key} cannot be read: {error}",
                stage="parked",
                remedy="written by a newer version? upgrade this one, then redrive",
            ) from error


def queue_of(seen: Observation) -> Queue:
    """Return which queue an observation belongs to."""
    return seen.source, seen.objects[0]


def key_of(topic: str, partition: int, offset: int, part: int) -> str:
    """Return the key of a parked record."""
    return f"{topic}/{partition}/{offset}/{part}"


@record
class Waiting:
    """What has to be at hand of a parked record; `packed` is the record itself, compressed."""

    key: str
    order: int
    parked_at: int
    reason: str
    after: str
    queue: Queue
    objects: tuple[str, ...]
    packed: bytes


class Lot:
    """All that waits in one partition."""

    def __init__(self, waiting: Iterable[Waiting] = ()) -> None:
        self._queues: dict[Queue, tuple[Waiting, ...]] = {}
        self._named: dict[str, set[Queue]] = {}  # by the names of the objects that their members wait for
        self._of: dict[str, Queue] = {}  # by record key
        self.next_order = 0
        by_queue: dict[Queue, list[Waiting]] = {}
        for item in waiting:
            by_queue.setdefault(item.queue, []).append(item)
        for queue, items in by_queue.items():
            self.replace(queue, tuple(sorted(items, key=_order)))

    def __len__(self) -> int:
        return len(self._of)

    def __iter__(self) -> Iterator[Waiting]:
        return (item for items in self._queues.values() for item in items)

    @property
    def queues(self) -> Mapping[Queue, tuple[Waiting, ...]]:
        """Return what waits, by queue, in order."""
        return self._queues

    def find(self, key: str) -> Waiting | None:
        """Return what waits under a record key."""
        queue = self._of.get(key)
        return next((item for item in self._queues[queue] if item.key == key), None) if queue else None

    def awaiting(self, names: Iterable[str]) -> set[Queue]:
        """Return the queues in which something waits for one of these objects."""
        return {queue for name in names for queue in self._named.get(name, ())}

    def replace(self, queue: Queue, items: tuple[Waiting, ...]) -> None:
        """Make these the members of a queue."""
        old = self._queues.pop(queue, ())
        for item in old:
            self._of.pop(item.key, None)
        for name in {name for item in old for name in item.objects}:
            self._named[name].discard(queue)
            if not self._named[name]:
                del self._named[name]
        if items:
            self._queues[queue] = items
        for item in items:
            self._of[item.key] = queue
            self.next_order = max(self.next_order, item.order + 1)
        for name in {name for item in items for name in item.objects}:
            self._named.setdefault(name, set()).add(queue)

    @property
    def oldest(self) -> int | None:
        """Return when the oldest was parked, None where nothing waits."""
        return min((items[0].parked_at for items in self._queues.values()), default=None)

    def overdue(self, before: int) -> list[Queue]:
        """Return the queues whose first member was parked before an instant, the oldest first."""
        late = [(items[0].parked_at, queue) for queue, items in self._queues.items()]
        return [queue for parked_at, queue in sorted(late) if parked_at < before]


class Overlay:
    """What a batch does to a lot, before it is committed."""

    def __init__(self, lot: Lot) -> None:
        self._lot = lot
        self._touched: dict[Queue, list[Waiting]] = {}
        self._order = lot.next_order
        self.size = len(lot)

    def of(self, queue: Queue) -> tuple[Waiting, ...] | list[Waiting]:
        """Return the members of a queue as the batch leaves them so far."""
        touched = self._touched.get(queue)
        return self._lot.queues.get(queue, ()) if touched is None else touched

    def find(self, key: str) -> Waiting | None:
        """Return what waits under a record key."""
        for items in self._touched.values():
            for item in items:
                if item.key == key:
                    return item
        found = self._lot.find(key)
        return None if found is None or found.queue in self._touched else found

    def order(self) -> int:
        """Return the order of the next one to be parked."""
        self._order += 1
        return self._order - 1

    def put(self, item: Waiting) -> None:
        """Let one wait, at the place that its order says."""
        items = self._own(item.queue)
        items.insert(bisect_left(items, item.order, key=_order), item)
        self.size += 1

    def remove(self, item: Waiting) -> None:
        """End the wait of one."""
        items = self._own(item.queue)
        if items[0].key == item.key:  # nearly always: a queue goes on from its head
            del items[0]
        else:
            items[:] = [other for other in items if other.key != item.key]
        self.size -= 1

    def _own(self, queue: Queue) -> list[Waiting]:
        if queue not in self._touched:
            self._touched[queue] = list(self._lot.queues.get(queue, ()))
        return self._touched[queue]

    def accept(self) -> None:
        """Make it so: the batch is committed."""
        for queue, items in self._touched.items():
            self._lot.replace(queue, tuple(items))
        self._lot.next_order = max(self._lot.next_order, self._order)


def _order(item: Waiting) -> int:
    return item.order
