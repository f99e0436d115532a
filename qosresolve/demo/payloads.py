"""Public payloads of others, as they would be sent now, and the inventory that knows their objects.

The samples are years old: their instants are set to now, in the unit that each is written in. Nothing else is
changed; the intake role reads them. Sources and licence are in `payloads/README.md`.
"""

import json
from importlib.resources import files
from typing import Any

from qosresolve.core.vocabulary import ObjectKind
from qosresolve.intake.inventory import Relation

Payload = dict[str, Any]


def _owned(name: str, product: str, customer: str, tier: str, kind: ObjectKind) -> Relation:
    return Relation(name, kind, product, customer_id=customer, tier=tier)


_RESOURCE, _SERVICE = ObjectKind.RESOURCE, ObjectKind.SERVICE
INVENTORY = {
    relation.object_id: relation
    for relation in (
        _owned("vCPE_Infrastructure_vGMUX_demo_app", "vcpe-1001", "Sirius Retail", "gold", _RESOURCE),
        _owned("SCL01081", "ran-access-2002", "Tucana Rail", "silver", _RESOURCE),
        _owned("LKCYFL79Q01M01FYNG01", "microwave-4004", "Vela Mining", "silver", _RESOURCE),
        _owned("scfx0001vm002cap001", "conference-5005", "Virgo Media", "bronze", _RESOURCE),
        _owned("ORAN-DEV", "wave-3003", "Volans Bank", "platinum", _SERVICE),
    )
}
# Learned of after its first event: that one waits until then.
LATE = INVENTORY["scfx0001vm002cap001"]
_MICROSECONDS = 10**14  # a larger number counts them; some senders write milliseconds instead
_EPOCHS = ("startEpochMicrosec", "lastEpochMicrosec", "closedLoopAlarmStart", "closedLoopAlarmEnd")


def load(name: str) -> Payload:
    """Return a payload of ours by its file name."""
    text = files("qosresolve.demo").joinpath("payloads", name).read_text(encoding="utf-8")
    payload: Payload = json.loads(text)
    return payload


def as_of(payload: Any, now: int) -> Any:  # noqa: ANN401 - any JSON
    """Return a payload as if it were sent now (ms since the epoch, UTC): its epochs, in their own units."""
    if isinstance(payload, dict):
        return {name: _epoch(name, item, now) for name, item in payload.items()}
    return [as_of(item, now) for item in payload] if isinstance(payload, list) else payload


def _epoch(name: str, item: Any, now: int) -> Any:  # noqa: ANN401 - any JSON
    if name in _EPOCHS and isinstance(item, int):
        return now * 1_000 if item >= _MICROSECONDS else now
    return as_of(item, now)


def source_of(payload: Payload) -> str:
    """Return the object of the inventory that a payload names: what keeps its events in order.

    The last one is also who reports of another.
    """
    text = json.dumps(payload)
    return next(name for name in INVENTORY if name in text)
