"""The transaction coordinator, as it treats a client without KIP-890.

An epoch stays the same from one transaction of a producer to the next. So a late EndTxn ends whatever is open
when it arrives (KAFKA-17754); only a higher epoch keeps it out.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from confluent_kafka import KafkaError

from tests.simulation.network import Fate, Network
from tests.simulation.processes import NEVER
from tests.simulation.refusal import Refused

Place = tuple[str, int]
BROKER = "broker"
MARKER_DELAY_MS = 20


class Phase(Enum):
    """Where a transactional id stands."""

    EMPTY = auto()
    ONGOING = auto()
    ENDING = auto()  # decided and logged; the markers are on their way
    ENDED = auto()


@dataclass(slots=True)
class Identity:
    """What is known of one transactional id."""

    producer_id: int
    epoch: int
    timeout_ms: int
    phase: Phase = Phase.EMPTY
    commit: bool = False
    began: int = 0
    places: set[Place] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)


class Ends(Protocol):
    """Where transactions end: the logs and the groups' offsets."""

    def end_in_log(self, place: Place, identity: Identity) -> None:
        """Write a marker."""

    def end_in_group(self, group: str, identity: Identity) -> None:
        """Make a transaction's offsets the group's, or forget them."""


class TransactionCoordinator:
    """All transactional ids of a cluster."""

    def __init__(self, network: Network, ends: Ends, new_id: Callable[[], int]) -> None:
        self._network = network
        self._ends = ends
        self._new_id = new_id
        self._identities: dict[str, Identity] = {}
        self._by_producer: dict[int, Identity] = {}
        self.due = NEVER  # no transaction runs out before

    def init(self, name: str, timeout_ms: int, current: tuple[int, int] | None = None) -> tuple[int, int]:
        """Return producer id and epoch; what is open is aborted first, and the asker comes again.

        Who says what it has at present is refused where that is not the newest. Raises Refused.
        """
        known = self._identities.get(name)
        if current is not None and (known is None or (known.producer_id, known.epoch) != current):
            raise Refused(KafkaError.PRODUCER_FENCED)
        if known is None:
            known = self._identities[name] = Identity(self._new_id(), -1, timeout_ms)
            self._by_producer[known.producer_id] = known
        if known.phase is Phase.ENDING:
            raise Refused(KafkaError.CONCURRENT_TRANSACTIONS)
        if known.phase is Phase.ONGOING:
            self._fence(known)
            raise Refused(KafkaError.CONCURRENT_TRANSACTIONS)
        known.epoch += 1
        known.timeout_ms = timeout_ms
        known.phase = Phase.EMPTY
        return known.producer_id, known.epoch

    def add(self, name: str, producer: tuple[int, int], places: set[Place], groups: set[str]) -> None:
        """Take partitions or groups into the transaction; the first begin it. Raises Refused."""
        identity = self._checked(name, producer)
        if identity.phase is Phase.ENDING:
            raise Refused(KafkaError.CONCURRENT_TRANSACTIONS)
        if identity.phase is not Phase.ONGOING:
            identity.phase = Phase.ONGOING
            identity.began = self._network.now_ms()
            identity.places, identity.groups = set(), set()
            self.due = min(self.due, identity.began + identity.timeout_ms)
        identity.places |= places
        identity.groups |= groups

    def end(self, name: str, producer: tuple[int, int], *, commit: bool) -> None:
        """Commit or abort. Raises Refused."""
        identity = self._checked(name, producer)
        if identity.phase is Phase.ONGOING:
            self._end(identity, commit=commit)
        elif identity.phase is Phase.EMPTY or identity.commit is not commit:
            raise Refused(KafkaError.INVALID_TXN_STATE)
        elif identity.phase is Phase.ENDING:
            raise Refused(KafkaError.CONCURRENT_TRANSACTIONS)

    def verify(self, producer: tuple[int, int], place: Place) -> None:
        """Refuse a record that no open transaction awaits."""
        identity = self._by_producer.get(producer[0])
        if identity is None:
            raise Refused(KafkaError.INVALID_PRODUCER_ID_MAPPING)
        if producer[1] != identity.epoch:
            raise Refused(KafkaError.INVALID_PRODUCER_EPOCH)
        if identity.phase is not Phase.ONGOING or place not in identity.places:
            raise Refused(KafkaError.INVALID_TXN_STATE)

    def verify_group(self, producer: tuple[int, int], group: str) -> None:
        """Refuse offsets that no open transaction awaits."""
        identity = self._by_producer.get(producer[0])
        if identity is None:
            raise Refused(KafkaError.INVALID_PRODUCER_ID_MAPPING)
        if producer[1] != identity.epoch:
            raise Refused(KafkaError.INVALID_PRODUCER_EPOCH)
        if identity.phase is not Phase.ONGOING or group not in identity.groups:
            raise Refused(KafkaError.INVALID_TXN_STATE)

    def expire(self, now: int) -> None:
        """Abort what took too long; the producer is fenced by it."""
        if now < self.due:
            return
        ongoing = [known for known in self._identities.values() if known.phase is Phase.ONGOING]
        for identity in ongoing:
            if identity.began + identity.timeout_ms <= now:
                self._fence(identity)
        left = (known.began + known.timeout_ms for known in ongoing if known.phase is Phase.ONGOING)
        self.due = min(left, default=NEVER)

    def open_ids(self) -> list[str]:
        """Return the transactional ids with a transaction that has not ended."""
        return [
            name for name, known in self._identities.items() if known.phase in (Phase.ONGOING, Phase.ENDING)
        ]

    def _checked(self, name: str, producer: tuple[int, int]) -> Identity:
        identity = self._identities.get(name)
        if identity is None or identity.producer_id != producer[0]:
            raise Refused(KafkaError.INVALID_PRODUCER_ID_MAPPING)
        if identity.epoch != producer[1]:
            raise Refused(KafkaError.PRODUCER_FENCED)
        return identity

    def _fence(self, identity: Identity) -> None:
        identity.epoch += 1
        self._end(identity, commit=False)

    def _end(self, identity: Identity, *, commit: bool) -> None:
        identity.phase = Phase.ENDING
        identity.commit = commit
        waiting = len(identity.places) + len(identity.groups)

        def done() -> None:
            nonlocal waiting
            waiting -= 1
            if waiting <= 0:
                identity.phase = Phase.ENDED

        for place in sorted(identity.places):
            self._mark(lambda at=place: self._ends.end_in_log(at, identity), done)  # type: ignore[misc]
        for group in sorted(identity.groups):
            self._mark(lambda at=group: self._ends.end_in_group(at, identity), done)  # type: ignore[misc]
        if not identity.places and not identity.groups:
            identity.phase = Phase.ENDED

    def _mark(self, write: Callable[[], None], done: Callable[[], None]) -> None:
        def run() -> None:
            write()
            done()

        if self._network.fate(BROKER, "WriteTxnMarkers") is Fate.DELIVERED:
            run()
        else:
            self._network.later(MARKER_DELAY_MS, run)
