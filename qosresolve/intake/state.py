"""What intake keeps in its topics: how far it has read (`schemas/intake.avsc`). Instants in ms, UTC."""

from dataclasses import dataclass

from qosresolve.core.partition import TopicIdentity

ForeignPlace = tuple[str, int]  # topic, partition


@dataclass(frozen=True, slots=True)
class ForeignPosition:
    """The next offset to take of one partition of a topic that others write."""

    topic: str
    partition: int
    next_offset: int


@dataclass(frozen=True, slots=True)
class IntakeState:
    """One partition of intake: `positions` of the foreign partitions that it reads, or once read."""

    partition: int
    positions: tuple[ForeignPosition, ...]
    topic_ids: tuple[TopicIdentity, ...] = ()
    updated_at: int = 0

    @property
    def offsets(self) -> dict[ForeignPlace, int]:
        """Return the next offset of each foreign partition."""
        return {(at.topic, at.partition): at.next_offset for at in self.positions}
