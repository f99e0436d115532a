"""From what was typed to a maintenance window."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from qosresolve.cli.times import instant, now_ms
from qosresolve.contracts.windows import BadWindowError, expand, zone_of
from qosresolve.core.partition import MaintenanceWindow
from qosresolve.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Said:
    """The options as they were typed; empty for what was not."""

    begins: str
    ends: str
    zone: str
    recurrence: str
    product: str
    site: str
    tier: str
    service: str
    reason: str


def window(window_id: str, said: Said) -> MaintenanceWindow:
    """Return the window, as if it were entered now. Raises ConfigError for one that would be refused."""
    try:
        zone = zone_of(said.zone) if said.zone else None
        made = MaintenanceWindow(
            window_id,
            _instant(said.begins, zone, "--from"),
            _instant(said.ends, zone, "--to"),
            said.zone or "UTC",
            said.recurrence,
            said.product,
            said.site,
            said.tier,
            said.service,
            said.reason,
            now_ms(),
        )
        expand(made)
    except BadWindowError as error:
        raise ConfigError(error.problem, setting=f"window {window_id}", remedy=error.remedy) from None
    return made


def _instant(text: str, zone: ZoneInfo | None, option: str) -> int:
    """Return an instant; one without an offset is local time of the zone, where one was given."""
    try:
        local = None if text.isdigit() else datetime.fromisoformat(text)
    except ValueError:
        local = None
    if zone is None or local is None or local.tzinfo is not None:
        return instant(text, option=option)
    at = local.replace(tzinfo=zone)
    if at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        remedy = "write the time that they show, or add the offset"
        raise ConfigError(f"the clocks of {zone.key} never show {text}", setting=option, remedy=remedy)
    return int(at.timestamp() * 1_000)
