"""What is asked of a policy: one degradation, at one instant."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from qosresolve.core.policy import Policy
from qosresolve.core.vocabulary import RootCauseKind, Severity


@dataclass(frozen=True, slots=True)
class Question:
    """A degradation: `at` in ms since the epoch; an empty text is what the policy takes for unknown.

    With a `cause` the plan is played as well; `party` owns what is measured.
    """

    at: int
    severity: Severity
    tier: str = ""
    site: str = ""
    offering: str = ""
    sla: str = ""
    indicator: str = ""
    cause: RootCauseKind | None = None
    party: str = ""


def zone_of(policy: Policy, tier: str, site: str) -> ZoneInfo:
    """Return the customer's zone: that of the calendar that targets walk."""
    return ZoneInfo(policy.calendar(tier, site).zone)


def instant(text: str, zone: ZoneInfo) -> int:
    """Return the ms since the epoch of `2026-03-02 22:15`, local unless it says its offset.

    Raises ValueError with problem and remedy.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        remedy = 'write e.g. "2026-03-02 22:15" in the customer\'s zone, or 2026-03-02T21:15:00Z'
        raise ValueError(f'"{text}" is not an instant', remedy) from None
    local = found if found.tzinfo else found.replace(tzinfo=zone)
    return int(local.timestamp() * 1_000)
