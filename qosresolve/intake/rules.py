"""What an operator has to say before foreign events can be understood: pure values.

A policy file of ONAP's TCA, or the intake's own YAML file, is read into these by `rules_file`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from qosresolve.core.vocabulary import Severity
from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Reading


class Format(Protocol):
    """What reads one foreign format: a module of `formats`, or a mapping from a YAML file."""

    @property
    def name(self) -> str:
        """As a topic's setting names it."""
        ...

    @property
    def fits(self) -> Callable[[Json], bool]:
        """Whether a decoded payload is of this format."""
        ...

    @property
    def read(self) -> Callable[[Json, "Rules"], Reading]:
        """Read one. Raises PoisonRecordError."""
        ...

    @property
    def left_out(self) -> Mapping[str, str]:
        """{path: reason} of fields that nothing is made of."""
        ...


class Direction(StrEnum):
    """How a value is compared with a threshold, in the words of ONAP's TCA policies."""

    LESS = "LESS"
    LESS_OR_EQUAL = "LESS_OR_EQUAL"
    GREATER = "GREATER"
    GREATER_OR_EQUAL = "GREATER_OR_EQUAL"
    EQUAL = "EQUAL"


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold of a measurement (ONAP TCA `thresholds[]`).

    `path` is where the value lies in the event, such as
    `event.measurementFields.nicPerformanceArray[*].receivedTotalPacketsDelta`. `abates` where crossing it
    means that it is over (`closedLoopEventStatus` ABATED). `member` is the field that tells the members of
    an array apart, such as `nicIdentifier`: then each is an object of its own, `source/member`. Without it
    they are one: bad where any is, over where all are.
    """

    path: str
    direction: Direction
    value: float
    severity: Severity
    abates: bool = False
    loop: str = ""  # closedLoopControlName
    indicator: str = ""  # what is measured; empty: the last name of the path
    unit: str = ""
    member: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """The thresholds of one kind of event (ONAP TCA `metricsPerEventName[]`)."""

    event_name: str
    thresholds: tuple[Threshold, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """What a control loop watches: its alarms carry neither indicator nor severity."""

    indicator: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Rules:
    """All of it. `indicators` gives foreign names of indicators our own; a name that is not in it stays.

    `assumed` is the severity of what carries none. `bad_below` are our indicators that are bad when they
    fall: 3GPP tells the direction of a crossing, not which one is bad.
    """

    indicators: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)  # by our indicator: where the source names none
    measurements: tuple[Measured, ...] = ()
    loops: Mapping[str, Loop] = field(default_factory=dict)
    assumed: Severity = Severity.MAJOR
    mappings: tuple[Format, ...] = ()  # formats that a YAML file describes
    bad_below: frozenset[str] = frozenset()
    thresholds: Mapping[str, tuple[Threshold, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Gather all thresholds of an event's name, in their order: asked for every measurement."""
        found: dict[str, tuple[Threshold, ...]] = {}
        for measured in self.measurements:
            found[measured.event_name] = (*found.get(measured.event_name, ()), *measured.thresholds)
        object.__setattr__(self, "thresholds", found)

    def indicator(self, name: str) -> str:
        """Return our name of an indicator."""
        return self.indicators.get(name, name)
