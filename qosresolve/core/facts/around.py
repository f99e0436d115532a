"""What happened around reports: in the watch, to alarms, and to records themselves."""

from dataclasses import dataclass

from qosresolve.core.partition import MaintenanceWindow
from qosresolve.core.watch import EarlyAbatement, Suppression, Waiting


@dataclass(frozen=True, slots=True)
class AlarmSettled:
    """A deadline was looked at; the next alarm has a new number. Empty `report_id`: the watch's alarm."""

    report_id: str
    alarm: int


@dataclass(frozen=True, slots=True)
class AbatementKept:
    """An abatement of nothing waits for its raise."""

    abatement: EarlyAbatement


@dataclass(frozen=True, slots=True)
class AbatementDropped:
    """A waiting abatement was matched, or its lateness window ended."""

    indicator: str
    object_id: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class SuppressionSet:
    """An indicator and source are silenced."""

    suppression: Suppression


@dataclass(frozen=True, slots=True)
class SuppressionEnded:
    """An indicator and source speak again."""

    indicator: str
    object_id: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class DegradationAwaited:
    """A bad sample opens nothing yet; it replaces an older one of the same indicator and source."""

    waiting: Waiting


@dataclass(frozen=True, slots=True)
class DegradationDropped:
    """What was bad and waited opens nothing any more, or has opened."""

    indicator: str
    object_id: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeadLettered:
    """Bytes that could not be taken lie, identical, on the dead-letter topic."""

    stage: str
    error: str
    remedy: str
    size: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class PolicyActivated:
    """From here on, new reports of this partition follow that policy."""

    policy: str


@dataclass(frozen=True, slots=True)
class WindowSet:
    """From here on, this partition knows that maintenance window; it replaces one of the same id."""

    window: MaintenanceWindow


@dataclass(frozen=True, slots=True)
class WindowLifted:
    """From here on, this partition does not know that maintenance window any more."""

    window_id: str
    reason: str
