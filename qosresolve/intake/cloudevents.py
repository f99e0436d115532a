"""CloudEvents 1.0 (Kafka protocol binding) around a payload: opened, and asked for what the payload lacks.

Binary mode has the attributes in headers `ce_...`, structured mode has the whole event in the value. What has
neither is its own payload.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qosresolve.core.record import changed
from qosresolve.intake.decoding import decoded, decoded_base64
from qosresolve.intake.paths import Json, text
from qosresolve.intake.reading import Mark, Observation, Reading, unreadable
from qosresolve.intake.times import instant

Headers = Sequence[tuple[str, bytes | str | None]]

_PREFIX = "ce_"
_DATA = ("data", "data_base64")
_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Opened:
    """A payload, and the CloudEvents attributes it came with: `id`, `source`, `type`, `time`."""

    payload: Json
    attributes: Mapping[str, str]


def opened(headers: Headers, value: bytes) -> Opened:
    """Return the payload of a record. Raises PoisonRecordError where it is no JSON."""
    attributes = _in_headers(headers) if headers else _NONE
    payload = decoded(value)
    if attributes or not is_structured(payload):
        return Opened(payload, attributes)
    return Opened(_data(payload), {name: text(item) for name, item in payload.items() if name not in _DATA})


def is_structured(payload: Json) -> bool:
    """Tell whether a payload is an event in structured mode: by its shape, for content types get lost."""
    return (
        isinstance(payload, dict)
        and "specversion" in payload
        and ("data" in payload or "data_base64" in payload)
    )


def completed(reading: Reading, attributes: Mapping[str, str]) -> Reading:
    """Return a reading whose observations have from the envelope what the payload did not say."""
    if not reading.observations:
        return reading
    said = tuple(_completed(item, attributes) for item in reading.observations)
    return changed(reading, observations=said)


def _completed(item: Observation, attributes: Mapping[str, str]) -> Observation:
    if item.source and item.source_id and item.observed_at:
        return item
    at = None if item.observed_at else instant(attributes.get("time", ""))
    return changed(
        item,
        source=item.source or attributes.get("source", ""),
        source_id=item.source_id or attributes.get("id", ""),
        observed_at=at.at if at else item.observed_at,
        marks=(*(mark for mark in item.marks if mark is not Mark.TIME_ASSUMED), *at.marks)
        if at
        else item.marks,
    )


def _data(payload: Mapping[str, Json]) -> Json:
    """Return the data of an event in structured mode; JSON in a text, where a sender wrote it so."""
    data = payload.get("data")
    if isinstance(data, str):
        return decoded(data.encode())
    if data is not None:
        return data
    in_base64 = payload.get("data_base64")
    if isinstance(in_base64, str):
        return decoded_base64(in_base64)
    raise unreadable("a CloudEvent without data", "mend the sender: data has to be a JSON object")


def _in_headers(headers: Headers) -> Mapping[str, str]:
    """Return the attributes of binary mode, without their prefix; names in any case."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name[:3].lower() == _PREFIX and value is not None:
            found[name[3:].lower()] = value if isinstance(value, str) else value.decode("utf-8", "replace")
    return found
