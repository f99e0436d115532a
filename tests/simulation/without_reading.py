"""Protections of what is read, each taken off: isolation, restore, positions, and what they tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin._listoffsets import OffsetSpec

from qosresolve.core.partition import Position
from qosresolve.errors import RetriableError
from qosresolve.kafka import clients, positions, reading
from qosresolve.kafka.cases import CaseStore
from qosresolve.kafka.restore import Restorer
from tests.simulation.patches import Patch, patched

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluent_kafka import Consumer
    from confluent_kafka.admin import AdminClient

    from qosresolve.core.partition import PartitionState
    from qosresolve.kafka.offsets import Place
    from qosresolve.kafka.partition import Partition
    from qosresolve.settings import Settings


def _reading_with(option: str, value: str) -> list[Patch]:
    """The worker's consumer reads with another option than the product insists on."""
    make, options = clients.worker_consumer, clients._reading

    def made(settings: Settings) -> Consumer:
        with patched([(clients, "_reading", lambda: options() | {option: value})]):
            return make(settings)

    return [(clients, "worker_consumer", made)]


def with_uncommitted_inputs() -> list[Patch]:
    """What lies in open and aborted transactions is taken."""
    return _reading_with("isolation.level", "read_uncommitted")


def with_offset_reset() -> list[Patch]:
    """Where an offset is gone, reading goes on with what is left."""
    return _reading_with("auto.offset.reset", "earliest")


def with_the_stable_target() -> list[Patch]:
    """A restore reads to the last stable offset."""

    def stable(admin: AdminClient, places: Iterable[Place]) -> dict[Place, int]:
        wanted = {TopicPartition(*place): OffsetSpec.latest() for place in places}  # type: ignore[no-untyped-call]
        futures = admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED)
        try:
            return {(at.topic, at.partition): future.result().offset for at, future in futures.items()}
        except Exception as error:
            raise RetriableError(f"cannot list offsets: {error}") from error

    return [(reading, "ends", stable)]


def without_tombstones() -> list[Patch]:
    """A restore takes values only."""
    apply, report, watch = Restorer._apply, CaseStore.put_report, CaseStore.put_watch

    def apply_values(self: Restorer, *given: Any, **named: Any) -> None:  # noqa: ANN401 - passed on as it is
        def put_report(store: CaseStore, key: str, value: bytes | None) -> None:
            if value is not None:
                report(store, key, value)

        def put_watch(store: CaseStore, key: str, value: bytes | None) -> None:
            if value is not None:
                watch(store, key, value)

        with patched([(CaseStore, "put_report", put_report), (CaseStore, "put_watch", put_watch)]):
            apply(self, *given, **named)

    return [(Restorer, "_apply", apply_values)]


def as_the_group_says() -> list[Patch]:
    """The group's offsets are believed, the positions are not."""

    def believed(
        _admin: AdminClient, partition: Partition, restored: PartitionState | None, offsets: dict[str, int]
    ) -> PartitionState:
        state = restored or positions.unchecked(partition, offsets)
        return replace(state, positions=tuple(Position(topic, max(0, at)) for topic, at in offsets.items()))

    return [(positions, "checked", believed)]


def _nothing(*_: object) -> None:
    """In the place of a check."""


def without_ahead() -> list[Patch]:
    """A group that is ahead of the positions is nothing strange."""
    return [(positions, "not_ahead", _nothing)]


def without_range() -> list[Patch]:
    """Nobody looks whether an input reaches to the positions."""
    return [(positions, "within", _nothing)]


def without_identity() -> list[Patch]:
    """A topic is known by its name."""
    return [(positions, "same_inputs", _nothing)]
