"""What is asked of the doctor, from its options."""

from collections.abc import Sequence
from dataclasses import dataclass

from qosresolve.contracts.policy.words import parse_duration
from qosresolve.errors import ConfigError
from qosresolve.replay.doctor.examine import Check, chosen
from qosresolve.settings import Settings


@dataclass(frozen=True, slots=True)
class Question:
    """Which checks, and which outage is budgeted for, in ms."""

    checks: tuple[Check, ...]
    outage_ms: int


def asked(outage: str, only: Sequence[str]) -> Question:
    """Return what is asked. Raises ConfigError."""
    try:
        outage_ms = parse_duration(outage)
    except ValueError as error:
        what, remedy = error.args
        raise ConfigError(what, setting="--outage", remedy=remedy) from None
    return Question(tuple(chosen(only)), outage_ms)


def refuse_embedded(settings: Settings) -> None:
    """Refuse the embedded broker: it has none of what would be looked at. Raises ConfigError."""
    if settings.broker == "embedded":
        raise ConfigError(
            "the embedded broker keeps no options, groups or rights to look at",
            setting="broker",
            remedy="set it to kafka, and bootstrap_servers to real brokers",
        )
