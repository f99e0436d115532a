"""What an input is known by when it is sent again."""

from __future__ import annotations

from dataclasses import replace

from qosresolve.core.inputs import Answer, Deadline
from qosresolve.core.vocabulary import AnswerState
from tests.core.builders import PRODUCT, at, command, sample


def test_a_violation_and_its_abatement_are_two_events() -> None:
    """ONAP gives both one source id: their kind tells them apart, and the sequence or else the time."""
    bad = sample("10:00", event_id="alarm-1")
    assert bad.identity() == f"monitor|alarm-1|raise|{at('10:00')}"
    assert replace(bad, sequence=7).identity() == "monitor|alarm-1|raise|7"
    assert sample("10:00", "good", event_id="alarm-1").identity() == f"monitor|alarm-1|abate|{at('10:00')}"


def test_commands_answers_and_alarms_are_told_apart() -> None:
    """A command is known by its own id, an answer by its party's, an alarm by its number."""
    answer = Answer(PRODUCT, "a-1", "request-1", AnswerState.ACCEPTED, at("10:00"), party="carrier")
    known = [
        command("hold", command_id="c-1").identity(),
        answer.identity(),
        Deadline(PRODUCT, "report-1", 3, at("10:00")).identity(),
        Deadline(PRODUCT, "", 3, at("10:00")).identity(),
    ]
    assert known == ["command|c-1", "answer|carrier|a-1", "deadline|report-1|3", "deadline|product-1|3"]
