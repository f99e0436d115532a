"""The group coordinator: offsets, those of open transactions, and who may commit them.

Members come by one of two protocols, `classic` or `consumer`; a group keeps that of its first member.
"""

from collections.abc import Callable
from typing import Protocol as Interface

from confluent_kafka import KafkaError

from tests.simulation.membership import GroupMetadata, Membership
from tests.simulation.refusal import Refused
from tests.simulation.transactions import Place

Offsets = dict[Place, int]


class Protocol(Interface):
    """How members share partitions."""

    due: int

    def enter(self, member: Membership, now: int) -> None:
        """Take a consumer that is going to join."""

    def leave(self, member: Membership, now: int) -> None:
        """Let it go."""

    def serve(self, now: int) -> None:
        """Let everything happen that time brings."""

    def validate(self, by: GroupMetadata, places: list[Place], *, transactional: bool) -> None:
        """Refuse offsets of whoever is no member of the present generation."""

    @property
    def empty(self) -> bool:
        """True when it has no members."""


class Group:
    """One group."""

    def __init__(self) -> None:
        self.offsets: Offsets = {}
        self.protocol: Protocol | None = None
        self.kind = ""
        self._pending: dict[int, Offsets] = {}

    def unstable(self, place: Place) -> bool:
        """Tell whether an open transaction holds an offset of a partition."""
        return any(place in offsets for offsets in self._pending.values())

    def commit(self, by: GroupMetadata, offsets: Offsets) -> None:
        """Commit at once. Raises Refused."""
        self._validate(by, offsets, transactional=False)
        self.offsets |= offsets

    def hold(self, by: GroupMetadata, producer_id: int, offsets: Offsets) -> None:
        """Keep offsets until their transaction ends. Raises Refused."""
        self._validate(by, offsets, transactional=True)
        self._pending.setdefault(producer_id, {}).update(offsets)

    def settle(self, producer_id: int, *, commit: bool) -> None:
        """End a transaction."""
        offsets = self._pending.pop(producer_id, {})
        if commit:
            self.offsets |= offsets

    def _validate(self, by: GroupMetadata, offsets: Offsets, *, transactional: bool) -> None:
        if self.protocol is not None:
            self.protocol.validate(by, list(offsets), transactional=transactional)
        elif by.generation >= 0:
            raise Refused(KafkaError.ILLEGAL_GENERATION)


class Groups:
    """All groups of a cluster."""

    def __init__(self, make: Callable[[str], Protocol]) -> None:
        self._make = make
        self._groups: dict[str, Group] = {}

    def of(self, name: str) -> Group:
        """Return a group; it exists from its first use on."""
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group()
        return group

    def enter(self, member: Membership, kind: str, now: int) -> None:
        """Take a consumer that is going to join its group."""
        group = self.of(member.group)
        if group.protocol is None:
            group.protocol = self._make(kind)
        group.protocol.enter(member, now)

    def expire(self, now: int) -> None:
        """Let time act on all of them."""
        for group in self._groups.values():
            if group.protocol is not None and group.protocol.due <= now:
                group.protocol.serve(now)

    def wake(self) -> None:
        """Look at all of them with the next step: somebody runs again."""
        for group in self._groups.values():
            if group.protocol is not None:
                group.protocol.due = 0
