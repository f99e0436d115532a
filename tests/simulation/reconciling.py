"""The consumer group protocol (KIP-848): the coordinator assigns, members are reconciled by heartbeats.

There are no rounds: a member that has to give something up keeps its epoch until it has, and what it gave up
goes to another with that one's next heartbeat.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from confluent_kafka import KafkaError

from tests.simulation.assignor import Shares, balanced
from tests.simulation.membership import Event, GroupMetadata, Kind, Membership
from tests.simulation.network import Fate, Network
from tests.simulation.processes import NEVER
from tests.simulation.refusal import Refused
from tests.simulation.transactions import Place

HEARTBEAT_MS = 5_000
SESSION_MS = 45_000


@dataclass(slots=True, eq=False)
class _Seat:
    """What the coordinator knows of a member: what it owns since which epoch, what it has yet to give up."""

    client: Membership
    seen: int
    epoch: int = 0
    since: dict[int, int] = field(default_factory=dict)
    leaving: frozenset[int] = frozenset()
    until: int = NEVER  # by when that has to be given up
    away: bool = False  # a static member that closed: its seat waits for the next process


class ConsumerProtocol:
    """One group's members."""

    def __init__(self, network: Network, partitions: Callable[[str], int]) -> None:
        self.due = 0
        self.epoch = 1
        self._network = network
        self._partitions = partitions
        self._seats: dict[str, _Seat] = {}
        self._clients: list[Membership] = []
        self._names = count()
        self._target: Shares = {}

    @property
    def empty(self) -> bool:
        """True when nobody is a member."""
        return not self._seats

    # -- requests

    def enter(self, member: Membership, now: int) -> None:
        """Take a consumer that is going to join."""
        member.polled = now
        member.next_beat = now
        self._clients.append(member)
        self.due = 0

    def _join(self, member: Membership, now: int) -> None:
        """Take a seat, or that of an older process with the same instance id that has left."""
        old = self._of_instance(member.instance)
        if old is not None and not self._seats[old].away:
            code = KafkaError.UNRELEASED_INSTANCE_ID
            member.fail(code, f"ConsumerGroupHeartbeat fatal error: {KafkaError(code).str()}")
            return
        member.member = f"{member.process.name}-{next(self._names)}"
        seat = self._seats[member.member] = _Seat(member, now)
        if old is None:
            self._changed()
        else:
            seat.epoch, seat.since = self._seats[old].epoch, self._seats[old].since
            self._target[member.member] = self._target.pop(old)
            del self._seats[old]
        self._beat(member, now)

    def _of_instance(self, instance: str | None) -> str | None:
        if instance is None:
            return None
        return next((name for name, seat in self._seats.items() if seat.client.instance == instance), None)

    def leave(self, member: Membership, now: int) -> None:  # noqa: ARG002 - it takes no time
        """Go at once; a static member's seat is kept for the next process."""
        self.due = 0
        member.left = True
        if member.instance is None:
            self._remove(member.member)
        elif member.member in self._seats:
            self._seats[member.member].away = True

    def validate(self, by: GroupMetadata, places: list[Place], *, transactional: bool) -> None:
        """Refuse an unknown member, and an older epoch for what was not owned all the time since."""
        if by.generation < 0 and not by.member and by.instance is None:
            if not transactional and not self.empty:
                raise Refused(KafkaError.UNKNOWN_MEMBER_ID)
            return
        seat = self._seats.get(by.member)
        if seat is None:
            raise Refused(KafkaError.UNKNOWN_MEMBER_ID)
        if by.generation == seat.epoch:
            return
        topic = seat.client.topic
        kept = by.generation < seat.epoch and all(
            place[0] == topic and seat.since.get(place[1], NEVER) <= by.generation for place in places
        )
        if not kept:
            raise Refused(KafkaError.ILLEGAL_GENERATION if transactional else KafkaError.STALE_MEMBER_EPOCH)

    # -- time

    def serve(self, now: int) -> None:
        """Beat, miss who is silent or keeps what it was told to give up."""
        for client in list(self._clients):
            self._background(client, now)
        for name, seat in list(self._seats.items()):
            if seat.seen + SESSION_MS <= now or seat.until <= now:
                self._remove(name)
        self._schedule()

    def _background(self, client: Membership, now: int) -> None:
        if not client.process.alive or client.left or client.fatal:
            self._clients.remove(client)
            return
        if not client.running:
            return
        if not client.polling and now - client.polled > client.max_poll_ms:
            self._polled_too_late(client, now)
        if client.rejoin and not client.busy:
            client.rejoin = False
            client.next_beat = now
        if client.next_beat <= now:
            client.next_beat = now + HEARTBEAT_MS
            lost = self._network.fate(f"{client.process.name}/consumer", "Heartbeat") is Fate.REQUEST_LOST
            if not lost:
                self._beat(client, now)

    def _polled_too_late(self, client: Membership, now: int) -> None:
        """Tell the application; the coordinator hears of it once the application polls again."""
        late = now - client.polled
        text = f"Application maximum poll interval ({client.max_poll_ms}ms) exceeded by {late}ms"
        client.lost_by_silence(Event(Kind.ERROR, error=KafkaError(KafkaError._MAX_POLL_EXCEEDED, text)))
        client.polled = NEVER

    def _beat(self, client: Membership, now: int) -> None:
        client.next_beat = now + HEARTBEAT_MS
        if client.expelled and not client.busy:
            client.expelled = False
            self._remove(client.member)
            client.owned = frozenset()
            self._join(client, now)
            return
        seat = self._seats.get(client.member)
        if seat is None:
            if client.busy:
                return
            if client.owned:
                client.lose(member=True)
            else:
                self._join(client, now)
            return
        seat.seen = now
        if not client.busy:
            self._reconcile(client, seat, now)

    def _reconcile(self, client: Membership, seat: _Seat, now: int) -> None:
        """Take what has to go; when it is gone, give what is free."""
        if seat.leaving and not client.owned & seat.leaving:
            seat.leaving, seat.until = frozenset(), NEVER
            self._wake(now)
        target = self._target[client.member]
        gone = frozenset(seat.since) - target
        if gone and not seat.leaving:
            seat.leaving, seat.until = gone, now + client.max_poll_ms
            seat.since = {number: since for number, since in seat.since.items() if number in target}
        if not seat.leaving:
            seat.epoch = self.epoch
            taken = frozenset[int]().union(
                *(other.leaving.union(other.since) for other in self._seats.values() if other is not seat)
            )
            seat.since |= {number: self.epoch for number in target - taken if number not in seat.since}
        client.generation = seat.epoch
        share = frozenset(seat.since)
        if share != client.owned:
            client.assigned(share)

    def _wake(self, now: int) -> None:
        """Let whoever waits for partitions have them soon: it beats more often meanwhile."""
        for seat in self._seats.values():
            if self._target[seat.client.member] - frozenset(seat.since):
                seat.client.next_beat = min(seat.client.next_beat, now)

    def _remove(self, member: str) -> None:
        if self._seats.pop(member, None) is not None:
            self._changed()

    def _changed(self) -> None:
        """Assign anew."""
        self.due = 0
        self.epoch += 1
        if self._seats:
            topic = next(iter(self._seats.values())).client.topic
            owned = {name: frozenset(seat.since) for name, seat in self._seats.items()}
            self._target = balanced(owned, self._partitions(topic), lowest=True)

    def _schedule(self) -> None:
        running = [client for client in self._clients if client.running]
        self.due = min(
            [
                *(client.next_beat for client in running),
                *(client.polled + client.max_poll_ms + 1 for client in running if not client.polling),
                *(0 for client in running if client.rejoin and not client.busy),
                *(min(seat.seen + SESSION_MS, seat.until) for seat in self._seats.values()),
            ],
            default=NEVER,
        )
