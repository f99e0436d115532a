"""What a partition remembers beside its reports: how far it has read, and what controls it.

One record a partition, written in every transaction. Its positions are the shield against rewinds; its policy
and windows make it a matter of order which decision saw which. Instants in ms since the epoch, UTC.
"""

from qosresolve.core.record import record


@record
class Position:
    """The next offset to take of one input topic, by its full name."""

    topic: str
    next_offset: int


@record
class TopicIdentity:
    """The id the broker gave a topic: a topic that was recreated has another."""

    topic: str
    id: str


@record
class MaintenanceWindow:
    """A span in which degradations are expected; an empty scope field matches all.

    `recurrence` is an RFC 5545 RRULE, empty for once; `zone` an IANA name in which it is walked; `entered_at`
    the broker time of the command that entered it, `lifted_at` of the one that lifted or replaced it.
    """

    window_id: str
    starts_at: int
    ends_at: int
    zone: str = "UTC"
    recurrence: str = ""
    product_id: str = ""
    site: str = ""
    tier: str = ""
    service_id: str = ""
    reason: str = ""
    entered_at: int = 0
    lifted_at: int | None = None


@record
class PartitionState:
    """One partition: `positions` of the six inputs, the policy (hash) for new reports, the windows."""

    partition: int
    positions: tuple[Position, ...]
    active_policy: str
    windows: tuple[MaintenanceWindow, ...] = ()
    topic_ids: tuple[TopicIdentity, ...] = ()
    updated_at: int = 0
