"""Obligations: what we asked of another party and track, by one mechanism.

Serves activities, service trouble requests (TMF656) and supplier engagements (TMF621). What is asked when is
Co-ordinate's and Engage's business; this module says how any of them lives, ages and ends.
"""

from dataclasses import dataclass

from qosresolve.core.vocabulary import ENDED, RUNNING, NodeKind, ObligationState

CARRIED = "carried"  # `cause_id` of work that still ran when its report was reopened
AGAIN = "again"  # `target` of the analysis that is asked again when nobody has anything left to do


@dataclass(frozen=True, slots=True)
class Obligation:
    """One attempt at one plan node for one target.

    `target` is the service, component or owner process; `party` who must act, empty for our own people;
    `cause_id` the root cause that laid it out, the round for the base plan. `chase_at` is when silence
    becomes our business, while planned the instant before which it is not asked for. Instants in ms, UTC.
    """

    obligation_id: str
    node: str
    kind: NodeKind
    target: str
    party: str
    cause_id: str
    attempt: int
    state: ObligationState
    due_at: int | None = None
    accept_by: int | None = None
    chase_at: int | None = None
    reminders: int = 0
    contact: str = ""
    expected_at: int | None = None
    external_id: str = ""
    requested_at: int | None = None
    ended_at: int | None = None
    told_restored: bool = False

    @property
    def running(self) -> bool:
        """Asked, and not yet ended."""
        return self.state in RUNNING

    @property
    def ended(self) -> bool:
        """Over, however it went."""
        return self.state in ENDED

    @property
    def unfinished(self) -> bool:
        """Planned or running: somebody still has to do something towards restoration."""
        return self.state is ObligationState.PLANNED or self.running

    @property
    def alarm_at(self) -> int | None:
        """Return the instant at which we have to look at it again, or None."""
        if self.state is ObligationState.REQUESTED:
            return self.accept_by
        return None if self.ended else self.chase_at


def latest(obligations: tuple[Obligation, ...], node: str, target: str) -> Obligation | None:
    """Return the newest attempt at a node for a target."""
    found = None
    for obligation in obligations:
        if obligation.node == node and obligation.target == target:
            found = obligation
    return found
