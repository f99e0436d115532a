"""The classic group protocol with the cooperative-sticky assignor: rounds of joining, one generation each.

Members learn of a round with their next heartbeat. What changes hands is given up in one round and given out
in the next. Join and sync are one step here: nobody is seen between the two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from confluent_kafka import KafkaError

from tests.simulation.assignor import cooperative
from tests.simulation.membership import Event, GroupMetadata, Kind, Membership
from tests.simulation.network import Fate, Network
from tests.simulation.processes import NEVER
from tests.simulation.refusal import Refused
from tests.simulation.transactions import Place


@dataclass(slots=True, eq=False)
class _Seat:
    """What the coordinator knows of a member."""

    member: str
    client: Membership
    seen: int
    joined: bool = False
    owned: frozenset[int] = frozenset()


class ClassicProtocol:
    """One group's members."""

    def __init__(self, network: Network, partitions: Callable[[str], int]) -> None:
        self.generation = 0
        self.due = 0
        self._network = network
        self._partitions = partitions
        self._seats: dict[str, _Seat] = {}
        self._clients: list[Membership] = []
        self._names = count()
        self._round: int | None = None  # until when everybody has to have joined, None when all is settled

    @property
    def empty(self) -> bool:
        """True when nobody is a member."""
        return not self._seats

    # -- requests

    def enter(self, member: Membership, now: int) -> None:
        """Take a consumer that is going to join."""
        member.rejoin = True
        member.polled = now
        member.next_beat = now + member.heartbeat_ms
        self._clients.append(member)
        self.due = 0

    def _join(self, member: Membership, now: int) -> None:
        """Take part in the next round, or take the place of an older process with the same instance id."""
        member.joining, member.rejoin = True, False
        if member.member not in self._seats:
            if self._replaced(member, now):
                return
            member.member = f"{member.process.name}-{next(self._names)}"
            self._seats[member.member] = _Seat(member.member, member, now)
        seat = self._seats[member.member]
        seat.joined, seat.seen, seat.owned = True, now, member.owned
        self._begin(now)

    def _replaced(self, member: Membership, now: int) -> bool:
        """Take over a static member's seat; while all is settled that makes no round."""
        if member.instance is None:
            return False
        old = next((seat for seat in self._seats.values() if seat.client.instance == member.instance), None)
        if old is None:
            return False
        del self._seats[old.member]
        member.member = f"{member.process.name}-{next(self._names)}"
        seat = self._seats[member.member] = _Seat(member.member, member, now, owned=old.owned)
        if self._round is None:
            self._answer(seat, now)
            return True
        seat.owned = frozenset()
        seat.joined = True
        return True

    def leave(self, member: Membership, now: int) -> None:
        """Go at once; a static member's seat is kept for the next process."""
        self.due = 0
        member.left = True
        if member.instance is None:
            self._remove([member.member], now)

    def validate(self, by: GroupMetadata, places: list[Place], *, transactional: bool) -> None:  # noqa: ARG002
        """Refuse a stale generation, an unknown member, a replaced one. Raises Refused."""
        if by.generation < 0 and not by.member and by.instance is None:
            if not transactional and not self.empty:
                raise Refused(KafkaError.UNKNOWN_MEMBER_ID)
            return
        self._known(by.member, by.instance)
        if by.generation != self.generation:
            raise Refused(KafkaError.ILLEGAL_GENERATION)

    def _known(self, member: str, instance: str | None) -> None:
        if member in self._seats:
            return
        if instance is not None and any(seat.client.instance == instance for seat in self._seats.values()):
            raise Refused(KafkaError.FENCED_INSTANCE_ID)
        raise Refused(KafkaError.UNKNOWN_MEMBER_ID)

    # -- time

    def serve(self, now: int) -> None:
        """Beat, join again, miss who is silent, end the round."""
        for client in list(self._clients):
            self._background(client, now)
        silent = [seat.member for seat in self._seats.values() if seat.seen + seat.client.session_ms <= now]
        self._remove(silent, now)
        if self._round is not None:
            waited_for = [seat for seat in self._seats.values() if not seat.joined]
            if not waited_for or now >= self._round:
                self._complete(waited_for, now)
        self._schedule()

    def _background(self, client: Membership, now: int) -> None:
        if not client.process.alive or client.left or client.fatal:
            self._clients.remove(client)
            return
        if not client.running:
            return
        if not client.polling and now - client.polled > client.max_poll_ms and client.member:
            self._polled_too_late(client, now)
        if client.member and not client.joining and now - client.heard > client.session_ms:
            client.lose(member=True)
        if client.may_join and client.retry_at <= now:
            if self._reaches(client, "JoinGroup"):
                self._join(client, now)
            else:
                client.retry_at = now + client.heartbeat_ms
        elif client.next_beat <= now:
            client.next_beat = now + client.heartbeat_ms
            if client.member and self._reaches(client, "Heartbeat"):
                self._beat(client, now)

    def _reaches(self, client: Membership, api: str) -> bool:
        return self._network.fate(f"{client.process.name}/consumer", api) is not Fate.REQUEST_LOST

    def _beat(self, client: Membership, now: int) -> None:
        try:
            self._known(client.member, client.instance)
        except Refused as refused:
            if refused.code == KafkaError.FENCED_INSTANCE_ID:
                client.fail(refused.code, f"Fatal consumer error: {KafkaError(refused.code).str()}")
            else:
                client.lose(member=True)
            return
        seat = self._seats[client.member]
        seat.seen = client.heard = now
        if self._round is not None and not seat.joined and not client.busy:
            client.rejoin = True

    def _polled_too_late(self, client: Membership, now: int) -> None:
        late = now - client.polled
        gone = client.member
        client.events.append(
            Event(
                Kind.ERROR,
                error=KafkaError(
                    KafkaError._MAX_POLL_EXCEEDED,
                    f"Application maximum poll interval ({client.max_poll_ms}ms) exceeded by {late}ms",
                ),
            )
        )
        client.lose(member=True)
        client.polled = NEVER  # joined again with the next poll
        if client.instance is None:
            self._remove([gone], now)

    def _remove(self, gone: list[str], now: int) -> None:
        for member in gone:
            if self._seats.pop(member, None) is not None:
                self._begin(now)

    def _begin(self, now: int) -> None:
        if self._round is None:
            for seat in self._seats.values():
                seat.joined = seat.client.joining and seat.joined
            self._round = now + max((seat.client.max_poll_ms for seat in self._seats.values()), default=0)
        self.due = 0

    def _complete(self, missing: list[_Seat], now: int) -> None:
        for seat in missing:
            if seat.client.instance is None:
                del self._seats[seat.member]
        self._round = None
        self.generation += 1
        if not self._seats:
            return
        topic = next(iter(self._seats.values())).client.topic
        owned = {seat.member: seat.owned for seat in self._seats.values()}
        for member, share in cooperative(owned, self._partitions(topic)).items():
            seat = self._seats[member]
            seat.owned = share
            if seat.joined and seat.client.member == member:
                self._answer(seat, now)

    def _answer(self, seat: _Seat, now: int) -> None:
        seat.joined = False
        seat.seen = seat.client.heard = now
        seat.client.generation = self.generation
        seat.client.assigned(seat.owned)

    def _schedule(self) -> None:
        beats = [client.next_beat for client in self._clients if client.running]
        polls = [
            client.polled + client.max_poll_ms + 1
            for client in self._clients
            if client.running and not client.polling and client.polled < NEVER
        ]
        silent = [seat.seen + seat.client.session_ms for seat in self._seats.values()]
        again = [client.retry_at for client in self._clients if client.running and client.may_join]
        rounds = [self._round] if self._round is not None else []
        self.due = min([*beats, *polls, *silent, *again, *rounds], default=NEVER)
