"""Obligations: what we asked of another party and track, by one mechanism.

Serves activities, service trouble requests (TMF656) and supplier engagements (TMF621). What is asked when is
Co-ordinate's and Engage's business; this module says how any of them lives, ages and ends.
"""

from qosresolve.core.clocks import Threshold, first_due
from qosresolve.core.record import record
from qosresolve.core.vocabulary import ENDED, RUNNING, NodeKind, ObligationState

CARRIED = "carried"  # `cause_id` of work that still ran when its report was reopened
AGAIN = "again"  # `target` of the analysis that is asked again when nobody has anything left to do
SILENCE = "silence:"  # begins the `cause_id` of a verification that is asked for since samples stay away

# Looking a member up costs ten times a name.
_PLANNED, _REQUESTED = ObligationState.PLANNED, ObligationState.REQUESTED


@record
class Obligation:
    """One attempt at one plan node for one target.

    `target` is the service, component or owner process; `party` who must act, empty for our own people;
    `cause_id` the root cause that laid it out, the round for the base plan. `chase_at` is when silence
    becomes our business, while planned the instant before which it is not asked for, while checking the end
    of the check. `refusals` counts resolutions that were not measured. Instants in ms, UTC.
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
    thresholds: tuple[Threshold, ...] = ()
    overdue_at: int | None = None
    refusals: int = 0
    question: bool = False
    end_reason: str = ""

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
        return self.state is _PLANNED or self.state in RUNNING

    @property
    def alarm_at(self) -> int | None:
        """Return the instant at which we have to look at it again, or None."""
        if self.state is _REQUESTED:
            return self.accept_by
        return None if self.state in ENDED else self.chase_at

    @property
    def next_due(self) -> int | None:
        """Return the next threshold of its own clock or its due time, whichever is still to be told."""
        if self.state not in RUNNING:
            return None
        return first_due(self.thresholds, None if self.overdue_at is not None else self.due_at)


def latest(obligations: tuple[Obligation, ...], node: str, target: str) -> Obligation | None:
    """Return the newest attempt at a node for a target."""
    found = None
    for obligation in obligations:
        if obligation.node == node and obligation.target == target:
            found = obligation
    return found
