"""The shape of a policy file: pydantic models that mirror `core.policy`, in the words of an operator.

What one value may be is in `fields`; what does not fit together across fields is `checks`' business.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from qosresolve.contracts.policy.fields import (
    Clocks,
    Duration,
    IsoDate,
    Kinds,
    Level,
    Name,
    PositiveDuration,
    Spans,
    TargetDuration,
    Times100,
    Word,
    Words,
    hours,
    listed,
)
from qosresolve.core.vocabulary import NodeKind, Severity


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
    extra_closed: Annotated[tuple[IsoDate, ...], BeforeValidator(listed)] = ()


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
    level: Level = Field(examples=["1"])


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
    with_party: Name = ""
    blocks_clear: bool = False
    not_before: Duration = 0
    slot: Name = ""
    fallback: Words = ()


class InformationModel(Strict):
    """Who answers when a party asks us something; what is left out is the first analysis'."""

    owner: Word = Field(examples=["Customer Interface Management"])
    duration: PositiveDuration = Field(examples=["1h"])
    calendar: Word = Field(examples=["24x7"])
    terms: TermsModel | None = None


class DefaultPartyModel(Strict):
    """An outside supplier that is not listed; without `terms` those of the file hold."""

    contacts: Words = Field(examples=["[noc@supplier, duty-manager@supplier]"])
    resolve_within: PositiveDuration = Field(examples=["8h"])
    terms: TermsModel | None = None


class PartyModel(DefaultPartyModel):
    """An outside supplier, and what else it can do than mend its own."""

    serves: Words = ()
    work_around: bool = False


class ChainModel(Strict):
    """One level of the escalation chain; an empty target is a vacancy."""

    level: int = Field(ge=1, le=10, examples=["1"])
    target: Name = Field(examples=["service-manager"])
    delay: PositiveDuration = Field(examples=["30m"])
    repeats: Times100 = 0
    calendar: Name = ""


class AssignmentModel(Strict):
    """First match wins; what is left out matches all."""

    assignee: Word = Field(examples=["assurance-desk"])
    tier: str = ""
    site: str = ""
    indicator: str = ""
    calendar: Name = ""


class IndicatorModel(Strict):
    """How long an indicator must be good or bad to be believed, and what opens a report."""

    clear_after: Duration = Field(examples=["5m"])
    opens_at: Severity = Field(examples=["minor"])
    open_after: Duration = 0
    silence_after: TargetDuration = None


class HoldModel(Strict):
    """Which clocks a reason stops, and for how long at most."""

    clocks: Clocks = Field(examples=["[restore]"])
    at_most: TargetDuration = None


class SomeTargetsModel(Strict):
    """Targets for some severities."""

    critical: TargetModel | None = None
    major: TargetModel | None = None
    minor: TargetModel | None = None
    warning: TargetModel | None = None
    indeterminate: TargetModel | None = None


class OverrideModel(Strict):
    """Targets that go before the tier's; first match wins; what is left out matches all."""

    offering: Name = ""
    tier: Name = ""
    sla: Name = ""
    indicator: Name = ""
    targets: SomeTargetsModel = Field(examples=["{critical: {respond: 15m, restore: 2h}}"])


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
    check_within: Duration = 0
    hold_backdate: Duration = 0


class PolicyModel(Strict):
    """A policy file, whole."""

    name: Word = Field(examples=["default"])
    calendar_horizon: int | None = Field(default=None, ge=2020, le=2100)
    retarget: Literal["from_raise", "from_start"] = "from_raise"
    retarget_on_fall: bool = False
    maintenance_counts: bool = False
    calendars: Mapping[Word, Annotated[CalendarModel, BeforeValidator(hours)]] = Field(
        examples=["{24x7: always}"]
    )
    site_calendars: Mapping[Word, Word] = Field(default_factory=dict)
    default_tier: Word = Field(examples=["bronze"])
    tiers: Mapping[Word, TierModel] = Field(examples=["a block with one entry a tier"])
    overrides: tuple[OverrideModel, ...] = ()
    holds: Mapping[Word, HoldModel] = Field(default_factory=dict)
    default_indicator: IndicatorModel = Field(examples=["{clear_after: 5m, opens_at: minor}"])
    indicators: Mapping[Word, IndicatorModel] = Field(default_factory=dict)
    terms: TermsModel = Field(examples=["{accept_within: 10m, remind_every: 10m, reminders: 2}"])
    plan: tuple[NodeModel, ...] = Field(examples=["a list of nodes"])
    information: InformationModel | None = None
    work_thresholds: tuple[ThresholdModel, ...] = ()
    overdue_level: Level = 0
    default_party: DefaultPartyModel = Field(examples=["{contacts: [supplier-desk], resolve_within: 8h}"])
    parties: Mapping[Word, PartyModel] = Field(default_factory=dict)
    chain: tuple[ChainModel, ...] = Field(examples=["[{level: 1, target: service-manager, delay: 30m}]"])
    assignment: tuple[AssignmentModel, ...] = ()
    roles: Mapping[str, Words] = Field(examples=["{cancel: [service-manager]}"])
    cancel_reasons: Words = Field(min_length=1, examples=["[falseAlarm]"])
    times: TimesModel = Field(examples=["a block with relapse_window, clear_wait, ..."])
