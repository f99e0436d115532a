"""Protections of order, place and time, each taken off; and of what is no fault of a record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qosresolve.core import step as core_step
from qosresolve.core.case import Case
from qosresolve.core.policy import UnknownPolicyError
from qosresolve.errors import PoisonRecordError, RetriableError
from qosresolve.kafka import staging
from qosresolve.kafka.alarms import Alarms
from qosresolve.kafka.broker_clock import BrokerClock
from qosresolve.kafka.dead_letters import Brake
from qosresolve.kafka.outputs import Writer
from qosresolve.kafka.partition import Partition
from qosresolve.kafka.staging import Staging
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.watched import Watched
from tests.simulation.patches import Patch, patched

if TYPE_CHECKING:
    from confluent_kafka import Message

    from qosresolve.core.inputs import Received
    from qosresolve.core.policy import Policies
    from qosresolve.core.report import Report
    from qosresolve.kafka.outputs import Output


def without_waiting() -> list[Patch]:
    """A deadline is decided when it comes."""
    return [(Partition, "_caught_up", lambda *_: True)]


def with_held_deadlines_passed() -> list[Patch]:
    """The offset of a deadline that is held is committed with the others."""

    def passed(self: Partition) -> dict[str, int]:
        return {topic: self._next.get(topic, 0) for topic in self._shared.names.inputs}

    return [(Partition, "next_offsets", passed)]


def with_the_partitioner() -> list[Patch]:
    """Reports go where their own key hashes to."""
    report = Writer.report

    def hashed(self: Writer, partition: int, item: Report) -> Output:
        return replace(report(self, partition, item), partition=-1)

    return [(Writer, "report", hashed)]


def without_forwarding() -> list[Patch]:
    """Whatever lies in a partition is stepped there."""
    take = Staging._take

    def here(self: Staging, message: Message, *, check_reports: bool) -> None:
        number = self.number
        with patched([(staging, "partition_of", lambda *_: number)]):
            take(self, message, check_reports=check_reports)

    return [(Staging, "_take", here)]


def _buried(kind: type[Exception]) -> list[Patch]:
    """A kind of error makes a dead letter of the record that met it."""
    stage = Staging.stage

    def bury(self: Staging, message: Message, *, check_reports: bool = False) -> None:
        try:
            stage(self, message, check_reports=check_reports)
        except kind as error:
            self._bury(message, PoisonRecordError(str(error), stage="step"))

    return [(Staging, "stage", bury)]


def with_outages_buried() -> list[Patch]:
    """A registry that does not answer is the record's fault."""
    return _buried(RetriableError)


def with_unknown_policies_buried() -> list[Patch]:
    """A policy that is not published yet is the record's fault."""
    return _buried(UnknownPolicyError)


def without_brake() -> list[Patch]:
    """Dead letters may follow each other for ever."""
    return [(Brake, "pulled", False)]


def without_ring() -> list[Patch]:
    """Nobody remembers what was applied."""
    return [(Case, "seen", lambda *_: None)]


def without_numbers() -> list[Patch]:
    """A deadline that was looked at leaves the alarm's number as it is."""
    settled = core_step.AlarmSettled  # type: ignore[attr-defined] # imported there

    def unraised(report_id: str, alarm: int) -> object:
        return settled(report_id, alarm - 1)

    return [(core_step, "AlarmSettled", unraised)]


def with_deadlines_believed() -> list[Patch]:
    """What a deadline says is due is due."""
    step = staging.step  # type: ignore[attr-defined] # imported there

    def believing(before: Case, received: Received, policies: Policies, now: int) -> object:
        return step(before, received, policies, max(now, getattr(received.body, "due", now)))

    return [(staging, "step", believing), (core_step, "TOO_EARLY", 1 << 50)]


def without_catch_up() -> list[Patch]:
    """The timer fires what it reads, before it has read all."""
    return [(Watched, "caught_up", property(lambda self: bool(self.targets)))]


def without_firing_again() -> list[Patch]:
    """What was fired once is not fired again."""
    return [(Alarms, "overlooked", lambda *_: iter(()))]


def with_the_own_clock() -> list[Patch]:
    """The timer believes its own clock."""

    def wall(self: BrokerClock) -> Any:  # noqa: ANN401 - whatever the clock gives
        return self._wall()

    return [(BrokerClock, "now", wall), (Timer, "learns", False)]
