"""CloudEvents 1.0 (Kafka protocol binding) around a payload: opened, and asked for what the payload lacks.

Binary mode has the attributes in headers `ce_...`, structured mode has the whole event in the value. What has
neither is its own payload.
"""

from collections.abc import Mapping, Sequence

from qosresolve.core.record import changed, record
from qosresolve.intake.decoding import decoded, decoded_base64
from qosresolve.intake.paths import Json, text
from qosresolve.intake.reading import Mark, Observation, Reading, Reply, unreadable
from qosresolve.intake.times import Instant, instant

Headers = Sequence[tuple[str, bytes | str | None]]

_PREFIX = "ce_"
_DATA = ("data", "data_base64")
_NONE: Mapping[str, str] = {}


@record
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
    """Return a reading that has from the envelope what the payload did not say: source, id and time."""
    at = instant(attributes.get("time", ""))
    observations = tuple(_completed(item, attributes, at) for item in reading.observations)
    replies = tuple(_timed(item, at) for item in reading.replies) if at else reading.replies
    return changed(reading, observations=observations, replies=replies)


def _completed(item: Observation, attributes: Mapping[str, str], at: Instant | None) -> Observation:
    if at is not None and not item.observed_at:
        guessed = (*(mark for mark in item.marks if mark is not Mark.TIME_ASSUMED), *at.marks)
        item = changed(item, observed_at=at.at, marks=guessed)
    if item.source and item.source_id:
        return item
    source, source_id = attributes.get("source", ""), attributes.get("id", "")
    return changed(item, source=item.source or source, source_id=item.source_id or source_id)


def _timed(reply: Reply, at: Instant) -> Reply:
    return reply if reply.answer.at else changed(reply, answer=changed(reply.answer, at=at.at))


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
