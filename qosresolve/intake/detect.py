"""Which format reads a payload: the one that a topic's setting names, or the first that it fits.

A new format is a module in `formats` and one name in `_MODULES`. Formats that a YAML file describes
(`Rules.mappings`) are asked after the built-in ones.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol, TypeVar

from qosresolve.core.record import changed
from qosresolve.errors import PoisonRecordError
from qosresolve.intake import cloudevents
from qosresolve.intake.cloudevents import Headers
from qosresolve.intake.formats import onap_tca, three_gpp, tmf621, tmf623, tmf642, tmf656, tmf688, ves
from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Reading, Refused, unreadable
from qosresolve.intake.rules import Format, Rules

AUTO = "auto"

T = TypeVar("T")

_SHOWN_FIELDS = 12
_SHOWN_CHARACTERS = 40


class _Module(Protocol):
    """What `formats` says of its modules."""

    @property
    def NAME(self) -> str: ...  # noqa: N802 - a module's constant

    @property
    def LEFT_OUT(self) -> Mapping[str, str]: ...  # noqa: N802 - the same

    def fits(self, payload: Json, /) -> bool: ...

    def read(self, payload: Json, rules: Rules, /) -> Reading: ...


@dataclass(frozen=True, slots=True)
class _Known:
    """A format of a module."""

    name: str
    fits: Callable[[Json], bool]
    read: Callable[[Json, Rules], Reading]
    left_out: Mapping[str, str]


# Asked in this order: those of which most comes, first.
_MODULES: tuple[_Module, ...] = (
    ves,
    three_gpp,
    onap_tca,
    tmf642,
    tmf656,
    tmf621,
    tmf623,
)
# Asked after the mappings: whatever else lies in a notification of a TM Forum API.
_LAST_MODULES: tuple[_Module, ...] = (tmf688,)

_FORMATS, _LAST = (
    tuple(_Known(item.NAME, item.fits, item.read, item.LEFT_OUT) for item in modules)
    for modules in (_MODULES, _LAST_MODULES)
)
_BY_NAME: dict[str, Format] = {known.name: known for known in (*_FORMATS, *_LAST)}

# What a reader may stumble over in a payload that nobody foresaw; without this one record would stop a topic.
_FAULTS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


def names(rules: Rules) -> tuple[str, ...]:
    """Return what a topic's setting may name."""
    return (AUTO, *_BY_NAME, *(mapping.name for mapping in rules.mappings))


def read(topic_format: str, headers: Headers, value: bytes, rules: Rules) -> Reading:
    """Return what a record says; observations, replies, or what was passed over and why: never nothing.

    `topic_format` is `auto` or one of `names`. Raises PoisonRecordError, and nothing else, for what nobody
    understands: it says what was seen, by the names of fields alone, and what to do.
    """
    event = cloudevents.opened(headers, value)
    try:
        reading = interpreted(topic_format, event.payload, rules)
    except _FAULTS as error:
        raise _fault(event.payload, error) from error
    if event.attributes:
        reading = cloudevents.completed(reading, event.attributes)
    for item in reading.observations:
        if not item.source or not item.source_id:
            return _named_by_content(reading, value)
    return reading


def left_out(reading: Reading, rules: Rules) -> Mapping[str, str]:
    """Return the reasons of the format that read a payload, {path: reason}, for what it left out."""
    return _named(reading.format, rules).left_out


def interpreted(topic_format: str, payload: Json, rules: Rules) -> Reading:
    """Return what a decoded payload says; an array that no format takes whole is read member by member."""
    known = _chosen(topic_format, payload, rules)
    if known is not None:
        return _told(known.read(payload, rules))
    if isinstance(payload, list) and payload:
        return _together([_member(topic_format, item, rules) for item in payload])
    raise _unknown(payload, rules)


def _chosen(topic_format: str, payload: Json, rules: Rules) -> Format | None:
    if topic_format == AUTO:
        return _fitting(payload, rules)
    known = _named(topic_format, rules)
    return None if isinstance(payload, list) and not known.fits(payload) else known


def _fitting(payload: Json, rules: Rules) -> Format | None:
    for known in _FORMATS:
        if known.fits(payload):
            return known
    return next((known for known in (*rules.mappings, *_LAST) if known.fits(payload)), None)


def _named(name: str, rules: Rules) -> Format:
    known = _BY_NAME.get(name) or next((item for item in rules.mappings if item.name == name), None)
    if known is None:
        remedy = f"set the topic's format to one of {', '.join(names(rules))}"
        raise unreadable(f"nobody knows the format {name!r} that the topic is said to have", remedy)
    return known


def _told(reading: Reading) -> Reading:
    """Return a reading that says something. Raises PoisonRecordError for one that does not."""
    if reading.observations:  # nearly always
        return reading
    if reading.replies or reading.unmatched or reading.ignored or reading.refused:
        return reading
    raise unreadable(f"{reading.format} that says nothing", "look at the payload: was it cut?")


def _named_by_content(reading: Reading, value: bytes) -> Reading:
    """Return a reading whose observations have names, so that a payload that is sent again is recognised.

    A source without a name is called after its format; an event without one after its bytes.
    """
    digest = blake2b(value, digest_size=8).hexdigest()
    named = tuple(
        changed(
            item,
            source=item.source or reading.format,
            source_id=item.source_id or (f"{digest}/{index}" if index else digest),
        )
        for index, item in enumerate(reading.observations)
    )
    return changed(reading, observations=named)


# -- arrays


def _member(topic_format: str, item: Json, rules: Rules) -> Reading | PoisonRecordError:
    """Return what one member says, or why it says nothing: the others count all the same."""
    try:
        if isinstance(item, list):
            raise unreadable("an array in an array", "send objects, or an array of objects")
        return interpreted(topic_format, item, rules)
    except PoisonRecordError as error:
        return error


def _together(found: list[Reading | PoisonRecordError]) -> Reading:
    readings = [item for item in found if isinstance(item, Reading)]
    if not readings:
        raise next(item for item in found if not isinstance(item, Reading))
    failed = tuple(
        Refused(f"[{index}]", str(item), item.remedy)
        for index, item in enumerate(found)
        if not isinstance(item, Reading)
    )
    return changed(
        readings[0],
        observations=_all(item.observations for item in readings),
        replies=_all(item.replies for item in readings),
        unmatched=_all(item.unmatched for item in readings),
        ignored=_all(item.ignored for item in readings),
        refused=(*_all(item.refused for item in readings), *failed),
    )


def _all(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(item for part in parts for item in part)


# -- what is said of a payload that nobody understands


def _unknown(payload: Json, rules: Rules) -> PoisonRecordError:
    known = ", ".join(names(rules)[1:])
    remedy = (
        f"known formats: {known}; describe another one in a mapping, and try it with "
        "`qosresolve intake check MAPPING SAMPLE`"
    )
    return unreadable(f"{_seen(payload)} that no format fits", remedy)


def _fault(payload: Json, error: Exception) -> PoisonRecordError:
    return unreadable(
        f"{_seen(payload)} that its reader stumbled over ({type(error).__name__})",
        "this is a fault of intake: report it with the dead letter, which has the payload",
    )


def _seen(payload: Json) -> str:
    """Return what a payload looks like: the names of its fields, nothing of their contents."""
    if isinstance(payload, dict):
        shown = [_shortened(name) for name in list(payload)[:_SHOWN_FIELDS]]
        more = len(payload) - len(shown)
        fields = ", ".join(shown) + (f" and {more} more" if more else "")
        return f"a JSON object with {fields}" if payload else "an empty JSON object"
    if isinstance(payload, list):
        return "a JSON array" if payload else "an empty JSON array"
    return f"a JSON {'null' if payload is None else type(payload).__name__}"


def _shortened(name: str) -> str:
    shown = name[:_SHOWN_CHARACTERS]
    return shown if shown.isprintable() else ascii(shown)
