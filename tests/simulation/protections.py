"""Every protection of the runtime, and what takes it off.

The product has no switches for this: what protects is replaced from `without_*`. The simulator must find a
violation without it, else it proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation import without_commits as commits
from tests.simulation import without_order as order
from tests.simulation import without_reading as reading
from tests.simulation.campaign import LENGTH
from tests.simulation.driver import Options

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.patches import Patch

BUSY: dict[str, object] = {
    "batch_records": 7,
    "backlog_wait_ms": 600_000,
}  # backlogs, and nothing cuts the wait


@dataclass(frozen=True, slots=True)
class Protection:
    """One protection. `ending` and `changes` of the settings say where it is needed soonest."""

    name: str
    prevents: str
    off: Callable[[], list[Patch]]
    ending: str = ""
    changes: dict[str, object] = field(default_factory=dict)


def options_without(protection: Protection, show: Callable[[str], None] | None = None) -> Options:
    """Return the options of a run without a protection."""
    return Options(LENGTH, protection.off, protection.ending, protection.changes, show)


PROTECTIONS = (
    Protection("generation", "a worker that lost its partitions commits", commits.without_generation),
    Protection(
        "fresh-metadata",
        "the group refuses a worker for ever, or takes what an older member sends",
        commits.with_the_first_generation,
    ),
    Protection("epoch", "what was staged and known before a loss is used after it", commits.without_epoch),
    Protection(
        "stable-id",
        "a transaction that a dead process left stays open",
        commits.with_ids_of_their_own,
        changes={"transaction_timeout_ms": 300_000},
    ),
    Protection(
        "rebuild-after-ambiguity",
        "a late request of one transaction ends the next (KAFKA-17754)",
        commits.without_rebuild_when_ambiguous,
    ),
    Protection(
        "rebuild-after-failure",
        "a producer that saw a transaction fail goes on",
        commits.without_rebuild_after_failure,
    ),
    Protection(
        "restore-after-unknown",
        "memory lags behind what was committed",
        commits.without_restore_after_unknown,
    ),
    Protection("rewind", "what was aborted is not taken again", commits.without_rewind),
    Protection("overlay", "memory runs ahead of what was committed", commits.with_memory_ahead),
    Protection(
        "dead-letter-in-transaction",
        "a record that was taken after all lies on the dead-letter topic, or lies there twice",
        commits.with_dead_letters_apart,
    ),
    Protection(
        "positions-in-transaction", "what was taken is not known to be taken", commits.with_positions_apart
    ),
    Protection("read-committed", "what a neighbour took back is decided on", reading.with_uncommitted_inputs),
    Protection(
        "offset-reset",
        "records that are gone are passed over in silence",
        reading.with_offset_reset,
        "aged_out_meanwhile",
    ),
    Protection("restore-target", "a restore ends below an open transaction", reading.with_the_stable_target),
    Protection("tombstones", "what was removed comes back", reading.without_tombstones),
    Protection("positions", "a rewind of the group is taken again", reading.as_the_group_says),
    Protection("positions-ahead", "work goes on after state was lost", reading.without_ahead, "lost_state"),
    Protection(
        "input-range", "a truncated input looks as if nothing came", reading.without_range, "truncated_input"
    ),
    Protection(
        "topic-id",
        "offsets of a topic that was created anew are taken for the old one's",
        reading.without_identity,
        "created_anew",
    ),
    Protection(
        "deadlines-behind-backlog",
        "a deadline overtakes an abatement that was there first",
        order.without_waiting,
        changes=BUSY,
    ),
    Protection(
        "held-deadlines",
        "a deadline that waits is lost with its worker",
        order.with_held_deadlines_passed,
        changes=BUSY,
    ),
    Protection("explicit-partition", "state lies apart from its inputs", order.with_the_partitioner),
    Protection("forwarding", "two partitions decide on one product", order.without_forwarding),
    Protection("outage-is-no-poison", "an outage makes dead letters", order.with_outages_buried),
    Protection(
        "policy-is-no-poison", "an unknown policy makes dead letters", order.with_unknown_policies_buried
    ),
    Protection("brake", "a fault of ours buries everything", order.without_brake, "poison_flood"),
    Protection("event-ring", "an event that is sent again is applied again", order.without_ring),
    Protection("alarm-number", "the timer cannot tell what was looked at", order.without_numbers),
    Protection("broker-now", "a timer whose clock is ahead breaches somebody", order.with_deadlines_believed),
    Protection("timer-catch-up", "alarms that are long settled are fired", order.without_catch_up),
    Protection("refire", "a deadline that was lost is never sent again", order.without_firing_again),
    Protection("broker-time", "a timer whose clock is behind is late for ever", order.with_the_own_clock),
)
BY_NAME = {protection.name: protection for protection in PROTECTIONS}
