"""What happened around reports: in the watch, to alarms, and to records themselves."""

from qosresolve.core.partition import MaintenanceWindow
from qosresolve.core.record import record
from qosresolve.core.watch import EarlyAbatement, Suppression, Waiting


@record
class AlarmSettled:
    """A deadline was looked at; the next alarm has a new number. Empty `report_id`: the watch's alarm."""

    report_id: str
    alarm: int


@record
class AbatementKept:
    """An abatement of nothing waits for its raise."""

    abatement: EarlyAbatement


@record
class AbatementDropped:
    """A waiting abatement was matched, or its lateness window ended."""

    indicator: str
    object_id: str
    source: str
    reason: str


@record
class SuppressionSet:
    """An indicator and source are silenced."""

    suppression: Suppression


@record
class SuppressionEnded:
    """An indicator and source speak again."""

    indicator: str
    object_id: str
    source: str
    reason: str


@record
class DegradationAwaited:
    """A bad sample opens nothing yet; it replaces an older one of the same indicator and source."""

    waiting: Waiting


@record
class DegradationDropped:
    """What was bad and waited opens nothing any more, or has opened."""

    indicator: str
    object_id: str
    source: str
    reason: str


@record
class DeadLettered:
    """Bytes that could not be taken lie, identical, on the dead-letter topic."""

    stage: str
    error: str
    remedy: str
    size: int
    digest: bytes


@record
class PolicyActivated:
    """From here on, new reports of this partition follow that policy."""

    policy: str


@record
class WindowSet:
    """From here on, this partition knows that maintenance window; it replaces one of the same id."""

    window: MaintenanceWindow


@record
class WindowLifted:
    """From here on, this partition does not know that maintenance window any more."""

    window_id: str
    reason: str
