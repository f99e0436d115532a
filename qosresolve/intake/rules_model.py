"""The shape of the intake's rules file. Files that it names (TCA policies, mappings) lie beside it."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field, WrapValidator

from qosresolve.contracts.policy.fields import Name, Word, Words
from qosresolve.contracts.policy.model import Strict
from qosresolve.core.vocabulary import Severity
from qosresolve.intake.mapping_model import MappingModel
from qosresolve.intake.rules import Direction


def _mapping(value: Any, _: Callable[[Any], object]) -> MappingModel | str:  # noqa: ANN401 - what a file says
    return value if isinstance(value, str) else MappingModel.model_validate(value)


class ThresholdModel(Strict):
    """One threshold of a measurement; crossing it is bad, or where it `abates` the end of that."""

    path: Word = Field(examples=["event.measurementFields.cpuUsageArray[*].percentUsage"])
    direction: Direction = Field(examples=["GREATER_OR_EQUAL"])
    value: float = Field(examples=["90"], allow_inf_nan=False)
    severity: Severity = Field(examples=["major"])
    abates: bool = False
    loop: Name = ""
    indicator: Name = ""
    unit: Name = ""
    member: Name = ""


class MeasuredModel(Strict):
    """The thresholds of one kind of event."""

    event_name: Word = Field(examples=["Measurement_vGMUX"])
    thresholds: tuple[ThresholdModel, ...] = Field(min_length=1, examples=["[{path: ..., value: 90}]"])


class LoopModel(Strict):
    """What a control loop watches."""

    indicator: Word = Field(examples=["packetLoss"])
    severity: Severity = Field(examples=["major"])


class RulesModel(Strict):
    """All that an operator says of foreign events; every key may be left out."""

    indicators: Mapping[str, Word] = {}
    units: Mapping[str, Word] = {}
    bad_below: Words = ()
    assumed_severity: Severity = Severity.MAJOR
    loops: Mapping[str, LoopModel] = {}
    measurements: tuple[MeasuredModel, ...] = ()
    tca_policy: Words = ()
    mappings: tuple[Annotated[MappingModel | str, WrapValidator(_mapping)], ...] = ()
