"""The shape of a policy file: pydantic models that mirror `core.policy`, in the words of an operator.

Every text is still as it was written when it comes here (`document`). What does not fit together across
fields is `checks`' business.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, StringConstraints
from pydantic_core import PydanticCustomError

from qosresolve.contracts.policy.words import NONE, parse_duration, parse_span
from qosresolve.core.vocabulary import NodeKind, RootCauseKind, Severity


def _told(parse: Callable[[str], object], value: object) -> object:
    """Parse a text; the error keeps problem and remedy apart."""
    if not isinstance(value, str):
        raise PydanticCustomError("not_text", "is a block; write one value")
    try:
        return parse(value)
    except ValueError as error:
        problem, remedy = error.args
        raise PydanticCustomError("text", "{told}", {"told": f"{problem}; {remedy}"}) from None


def _positive(text: str) -> int:
    duration = parse_duration(text)
    if duration == 0:
        raise ValueError(f'"{text}" is no time at all', "write a duration above zero")
    return duration


def _target(text: str) -> int | None:
    if text == NONE:
        return None
    try:
        return _positive(text)
    except ValueError as error:
        problem, remedy = error.args
        raise ValueError(problem, remedy.replace("4h or 2d", "4h, 2d") + " or none") from None


def _iso_date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f'"{text}" is not a date', "write e.g. 2026-12-24") from None


def _listed(value: object) -> object:
    """One word may stand for a list of one."""
    return [value] if isinstance(value, str) and value else value


def _hours(value: object) -> object:
    """`always` is short for all hours of all days in UTC."""
    if value == "always":
        return {"zone": "UTC", "week": {"daily": ["00:00-24:00"]}}
    if isinstance(value, str):
        told = f'"{value}" is no calendar; write always, or a block with zone and week'
        raise PydanticCustomError("text", "{told}", {"told": told})
    return value


Span = tuple[int, int]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Duration = Annotated[int, PlainValidator(partial(_told, parse_duration))]
PositiveDuration = Annotated[int, PlainValidator(partial(_told, _positive))]
TargetDuration = Annotated[int | None, PlainValidator(partial(_told, _target))]
OpenSpan = Annotated[Span, PlainValidator(partial(_told, parse_span))]
IsoDate = Annotated[str, PlainValidator(partial(_told, _iso_date))]
Words = Annotated[tuple[Word, ...], BeforeValidator(_listed)]
Spans = Annotated[tuple[OpenSpan, ...], BeforeValidator(_listed)]
Kinds = Annotated[tuple[RootCauseKind, ...], BeforeValidator(_listed)]
Times100 = Annotated[int, Field(ge=0, le=100)]


class Strict(BaseModel):
    """Frozen; a key that nobody reads is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HolidaysModel(Strict):
    """Public holidays by the `holidays` library: ISO 3166 country, its code for the subdivision."""

    country: Word = Field(examples=["DE"])
    subdivision: Word | None = None


class CalendarModel(Strict):
    """Opening hours by days of the week in one zone, less holidays and single dates."""

    zone: Word = Field(examples=["Europe/Berlin"])
    week: Mapping[str, Spans] = Field(examples=['{mon-fri: ["08:00-18:00"]}'])
    holidays: HolidaysModel | None = None
    extra_closed: Annotated[tuple[IsoDate, ...], BeforeValidator(_listed)] = ()


class TargetModel(Strict):
    """The promise for one severity, in open time of the customer's calendar."""

    respond: TargetDuration = Field(examples=["15m", "none"])
    restore: TargetDuration = Field(examples=["4h", "none"])


class TargetsModel(Strict):
    """Every severity has its targets, be they an explicit none."""

    critical: TargetModel = Field(examples=["{respond: 15m, restore: 4h}"])
    major: TargetModel = Field(examples=["{respond: 30m, restore: 8h}"])
    minor: TargetModel = Field(examples=["{respond: 2h, restore: 1d}"])
    warning: TargetModel = Field(examples=["{respond: none, restore: none}"])
    indeterminate: TargetModel = Field(examples=["{respond: 2h, restore: 1d}"])


class ThresholdModel(Strict):
    """At `percent` of the target's open time the escalation level is at least `level`."""

    percent: int = Field(ge=1, le=99, examples=["50"])
    level: int = Field(ge=0, le=10, examples=["1"])


class TierModel(Strict):
    """A customer tier."""

    calendar: Word = Field(examples=["24x7"])
    targets: TargetsModel = Field(examples=["a block with critical, major, minor, warning, indeterminate"])
    thresholds: tuple[ThresholdModel, ...] = Field(examples=["[{percent: 50, level: 1}]"])
    breach_level: int = Field(ge=1, le=10, examples=["5"])
    priority: int = Field(default=5, ge=1, le=10)


class TermsModel(Strict):
    """How a request is followed up: accept in time, remind so often, give up."""

    accept_within: PositiveDuration = Field(examples=["10m"])
    remind_every: PositiveDuration = Field(examples=["10m"])
    reminders: Times100 = Field(examples=["2"])


class NodeModel(Strict):
    """One node of the plan; without `terms` those of the file hold."""

    name: Word = Field(examples=["resource-repair"])
    kind: NodeKind = Field(examples=["repair"])
    owner: Word = Field(examples=["Resource Trouble Management"])
    duration: PositiveDuration = Field(examples=["2h"])
    calendar: Word = Field(examples=["24x7"])
    terms: TermsModel | None = None
    after: Words = ()
    when: Kinds = ()
    with_party: str = Field(default="", max_length=100)
    blocks_clear: bool = False


class PartyModel(Strict):
    """An outside supplier; without `terms` those of the file hold."""

    contacts: Words = Field(examples=["[noc@supplier, duty-manager@supplier]"])
    resolve_within: PositiveDuration = Field(examples=["8h"])
    terms: TermsModel | None = None


class ChainModel(Strict):
    """One level of the escalation chain."""

    level: int = Field(ge=1, le=10, examples=["1"])
    target: Word = Field(examples=["service-manager"])
    delay: PositiveDuration = Field(examples=["30m"])
    repeats: Times100 = 0


class AssignmentModel(Strict):
    """First match wins; what is left out matches all."""

    assignee: Word = Field(examples=["assurance-desk"])
    tier: str = ""
    site: str = ""
    indicator: str = ""


class IndicatorModel(Strict):
    """How long an indicator must be good to be believed, and the mildest severity that opens a report."""

    clear_after: Duration = Field(examples=["5m"])
    opens_at: Severity = Field(examples=["minor"])


class TimesModel(Strict):
    """Windows and waits of every report, in wall-clock time; what repeats must not be zero."""

    relapse_window: Duration = Field(examples=["24h"])
    clear_wait: PositiveDuration = Field(examples=["30m"])
    close_reminder: PositiveDuration = Field(examples=["24h"])
    forget_after: PositiveDuration = Field(examples=["7d"])
    lateness_window: Duration = Field(examples=["5m"])
    future_tolerance: Duration = Field(examples=["2m"])
    max_backdate: Duration = Field(examples=["24h"])
    suppress_for: Duration = Field(examples=["24h"])
    withdraw_within: PositiveDuration = Field(examples=["30m"])
    acknowledge_for: PositiveDuration = Field(examples=["1h"])


class PolicyModel(Strict):
    """A policy file, whole."""

    name: Word = Field(examples=["default"])
    calendar_horizon: int | None = Field(default=None, ge=2020, le=2100)
    retarget: Literal["from_raise", "from_start"] = "from_raise"
    calendars: Mapping[Word, Annotated[CalendarModel, BeforeValidator(_hours)]] = Field(
        examples=["{24x7: always}"]
    )
    site_calendars: Mapping[Word, Word] = Field(default_factory=dict)
    default_tier: Word = Field(examples=["bronze"])
    tiers: Mapping[Word, TierModel] = Field(examples=["a block with one entry a tier"])
    default_indicator: IndicatorModel = Field(examples=["{clear_after: 5m, opens_at: minor}"])
    indicators: Mapping[Word, IndicatorModel] = Field(default_factory=dict)
    terms: TermsModel = Field(examples=["{accept_within: 10m, remind_every: 10m, reminders: 2}"])
    plan: tuple[NodeModel, ...] = Field(examples=["a list of nodes"])
    default_party: PartyModel = Field(examples=["{contacts: [supplier-desk], resolve_within: 8h}"])
    parties: Mapping[Word, PartyModel] = Field(default_factory=dict)
    chain: tuple[ChainModel, ...] = Field(examples=["[{level: 1, target: service-manager, delay: 30m}]"])
    assignment: tuple[AssignmentModel, ...] = ()
    roles: Mapping[str, Words] = Field(examples=["{cancel: [service-manager]}"])
    cancel_reasons: Words = Field(min_length=1, examples=["[falseAlarm]"])
    times: TimesModel = Field(examples=["a block with relapse_window, clear_wait, ..."])
