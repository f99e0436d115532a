"""The watch: what must be remembered of a product while no report is open.

An abatement that came before its raise, indicators silenced by a false-event verdict, and what is bad but
opens nothing yet. One record a product, only while needed. Instants in ms since the epoch, UTC.
"""

from collections.abc import Iterator

from qosresolve.core.inputs import Degradation
from qosresolve.core.record import record


@record
class EarlyAbatement:
    """An abatement without a raise, kept for the policy's lateness window."""

    indicator: str
    object_id: str
    source: str
    at: int
    sequence: int
    until: int


@record
class Suppression:
    """A false-event verdict: this indicator and source stay silent until their abatement or `until`."""

    indicator: str
    object_id: str
    source: str
    severity: str
    until: int
    report_id: str


@record
class Waiting:
    """An indicator that is bad and opens nothing before `until`: too short, in maintenance, or silenced.

    `event` is its newest bad sample, `since` its first; `why` is one of the words below.
    """

    event: Degradation
    since: int
    until: int
    why: str


OPEN_AFTER = "openAfter"
IN_MAINTENANCE = "maintenance"
SILENCED = "suppressed"


@record
class Watch:
    """One product's watch."""

    product_id: str
    updated_at: int
    revision: int
    abatements: tuple[EarlyAbatement, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    alarm: int = 0
    seen: bytes = b""

    @property
    def needed(self) -> bool:
        """False when nothing is left to remember: the record is removed."""
        return bool(self.abatements or self.suppressions or self.waiting)

    def deadlines(self) -> Iterator[int]:
        """Yield every instant at which something in here runs out."""
        yield from (item.until for item in self.abatements)
        yield from (item.until for item in self.suppressions)
        yield from (item.until for item in self.waiting)

    @property
    def due(self) -> int | None:
        """Return the alarm's instant, None when nothing is armed."""
        return min(self.deadlines(), default=None)
