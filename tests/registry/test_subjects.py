"""Subjects come from the topic table, each with a compatibility."""

import pytest

from qosresolve.contracts import schemas
from qosresolve.contracts.registry.subjects import BACKWARD, FORWARD, FULL, Subject, subject_of, subjects
from qosresolve.errors import ConfigError
from qosresolve.topics import INPUTS, REPORT, REQUESTS, TOPICS, Kind, Names

NAMES = Names("prod.")


def test_every_topic_of_one_record_has_a_subject() -> None:
    """A dead letter is whatever came, and what others send is theirs: those topics have none."""
    without = {topic.kind for topic in TOPICS} - {Kind.DEAD_LETTER, Kind.FOREIGN}
    expected = {f"prod.{topic.name}-value" for topic in TOPICS if topic.kind in without}
    assert {subject.name for subject in subjects(NAMES)} == expected
    assert {subject.record for subject in subjects(NAMES)} <= set(schemas.records())


def test_who_reads_decides_which_way_a_schema_may_change() -> None:
    """We read inputs and reports of every age; neighbours read requests with whatever they have."""
    level = {subject.record: subject.level for subject in subjects(NAMES)}
    assert {level[topic.record] for topic in (*INPUTS, REPORT)} == {BACKWARD}
    assert {level[topic.record] for topic in REQUESTS} == {FORWARD}


@pytest.mark.parametrize(
    ("level", "fits"),
    [(BACKWARD, True), (FULL, True), (FORWARD, False), ("BACKWARD", False), ("NONE", False)],
)
def test_a_level_that_promises_more_fits(level: str, fits: bool) -> None:
    """Whoever set FULL_TRANSITIVE has it as we want it; what looks at the latest version alone has not."""
    assert Subject("s", "report", BACKWARD).fits(level) is fits


def test_some_are_chosen_by_record() -> None:
    """In the order in which they were named, once each; a strange name lists the known ones."""
    chosen = subjects(NAMES, ["watch", "report", "watch"])
    assert [subject.name for subject in chosen] == ["prod.qos.watch.v1-value", "prod.qos.report.v1-value"]
    with pytest.raises(ConfigError, match=r"'dead-letter'[\s\S]*one of degradation, command"):
        subjects(NAMES, ["dead-letter"])


def test_a_record_without_a_topic_goes_by_its_name() -> None:
    """A window lies within a command."""
    assert subject_of(NAMES, "maintenance-window") == "prod.maintenance-window-value"
