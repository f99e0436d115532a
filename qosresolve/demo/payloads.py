"""Public payloads of others as degradation events: ONAP TCA alarms, and VES measurement, crossing and fault.

A stand-in for the intake role, which comes later: a few formats, a made-up inventory, no parking. Sources and
licence are in `payloads/README.md`. Instants in ms since the epoch, UTC.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from importlib.resources import files
from typing import Any

from qosresolve.core.inputs import Degradation
from qosresolve.core.vocabulary import RANK, DegradationKind, ObjectKind, Severity

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Owned:
    """What the inventory knows of a resource or service."""

    product_id: str
    customer_id: str
    tier: str
    kind: ObjectKind = ObjectKind.RESOURCE


INVENTORY = {
    "vCPE_Infrastructure_vGMUX_demo_app": Owned("vcpe-1001", "Sirius Retail", "gold"),
    "SCL01081": Owned("ran-access-2002", "Tucana Rail", "silver"),
    "from-a-to-b": Owned("wave-3003", "Volans Bank", "platinum", ObjectKind.SERVICE),
    "LKCYFL79Q01M01FYNG01": Owned("microwave-4004", "Vela Mining", "silver"),
    "scfx0001vm002cap001": Owned("conference-5005", "Virgo Media", "bronze"),
}
# Not in the payloads but in the policies beside them: what a control loop watches, and its thresholds.
_LOOPS = {"ControlLoop-vCPE-48f0c2c3-a172-4192-9ae3-052274181b6e": ("packetLoss", Severity.CRITICAL)}
_BROADCAST_LIMIT = 20_000  # packets: critical from here on; at 0 it is over
_SEVERITY = {"MAJ": Severity.MAJOR, "CRIT": Severity.CRITICAL} | {item.name: item for item in Severity}


def load(name: str) -> Payload:
    """Return a payload of ours by its file name."""
    text = files("qosresolve.demo").joinpath("payloads", name).read_text(encoding="utf-8")
    payload: Payload = json.loads(text)
    return payload


def degradations(payload: Payload) -> Iterator[Degradation]:
    """Yield what a payload says of products; domains that are not about quality are passed over.

    Raises KeyError for an object that the inventory does not know.
    """
    if "closedLoopEventStatus" in payload:
        yield _closed_loop(payload)
        return
    for event in payload.get("eventList") or [payload["event"]]:
        read = _DOMAINS.get(event["commonEventHeader"]["domain"])
        if read is not None:
            yield read(event["commonEventHeader"], event)


def as_of(event: Degradation, now: int) -> Degradation:
    """Return the event as if it had been seen now: the samples are years old."""
    return replace(event, observed_at=now)


def _closed_loop(alarm: Payload) -> Degradation:
    """An alarm of ONAP's TCA: `target` names the field of `AAI` that holds the name; one id for both ends."""
    over = alarm["closedLoopEventStatus"] == "ABATED"
    indicator, severity = _LOOPS[alarm["closedLoopControlName"]]
    event = _event(alarm["AAI"][alarm["target"]], indicator, severity, over=over)
    at = instant(alarm.get("closedLoopAlarmEnd" if over else "") or alarm["closedLoopAlarmStart"])
    return replace(event, source="onap-tca", event_id=alarm["requestID"], observed_at=at)


def _measurement(header: Payload, event: Payload) -> Degradation:
    """A VES measurement under its TCA policy; violation and abatement come under one event id."""
    interfaces = event["measurementsForVfScalingFields"]["vNicPerformanceArray"]
    packets = max(item["receivedBroadcastPacketsAccumulated"] for item in interfaces)
    over = packets < _BROADCAST_LIMIT
    made = _event(header["sourceName"], "broadcastPackets", Severity.CRITICAL, over=over)
    measured = replace(made, value=str(packets), threshold=str(_BROADCAST_LIMIT), unit=" packets")
    return _by_header(measured, header)


def _crossing(header: Payload, event: Payload) -> Degradation:
    """A VES threshold crossing: `sourceName` may be empty, the start is an RFC 2822 date.

    The worse of the event's severity and of the crossed counter's criticality counts.
    """
    fields = event["thresholdCrossingAlertFields"]
    crossed = fields["additionalParameters"][0]
    over = fields["alertAction"] == "CLEAR" or fields["eventSeverity"] == "NORMAL"
    worst = max(_severity(fields["eventSeverity"]), _severity(crossed["criticality"]), key=RANK.__getitem__)
    name = header["sourceName"] or fields["interfaceName"] or fields["networkService"]
    made = _by_header(_event(name, crossed["thresholdCrossed"], worst, over=over), header)
    text = fields["collectionTimestamp"] if over else fields["eventStartTimestamp"]
    return replace(made, observed_at=int(parsedate_to_datetime(text).timestamp() * 1_000))


def _fault(header: Payload, event: Payload) -> Degradation:
    """A VES fault: it ends by severity NORMAL, under the same event id."""
    fields = event["faultFields"]
    severity, over = _severity(fields["eventSeverity"]), fields["eventSeverity"] == "NORMAL"
    made = _event(header["sourceName"], fields["alarmCondition"], severity, over=over)
    return _by_header(replace(made, description=fields["specificProblem"]), header)


_DOMAINS: dict[str, Callable[[Payload, Payload], Degradation]] = {
    "measurementsForVfScaling": _measurement,
    "thresholdCrossingAlert": _crossing,
    "fault": _fault,
}


def _event(name: str, indicator: str, severity: Severity, *, over: bool) -> Degradation:
    owned = INVENTORY[name]
    return Degradation(
        product_id=owned.product_id,
        event_id="",
        source="",
        sequence=0,
        kind=DegradationKind.ABATE if over else DegradationKind.RAISE,
        indicator=indicator,
        object_id=name,
        object_kind=owned.kind,
        severity=severity,
        observed_at=0,
        customer_id=owned.customer_id,
        tier=owned.tier,
    )


def _by_header(event: Degradation, header: Payload) -> Degradation:
    return replace(
        event,
        source=header["reportingEntityName"],
        event_id=header["eventId"],
        sequence=int(header["sequence"]),
        observed_at=instant(header["startEpochMicrosec"]),
    )


def _severity(word: str) -> Severity:
    return _SEVERITY.get(word.upper(), Severity.INDETERMINATE)


def instant(epoch: str | int) -> int:
    """Return ms from what should be microseconds: some senders write ms, some write text.

    In ms, 10^14 is the year 5138; in microseconds it is 1973.
    """
    number = int(epoch)
    return number // 1_000 if number >= 10**14 else number
