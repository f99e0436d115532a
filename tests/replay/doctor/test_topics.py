"""Topics against the table, and their options against what an outage and a restore need."""

import pytest

from qosresolve.contracts.codec import MAX_BYTES
from qosresolve.kafka.topics_admin import About
from qosresolve.kafka.topics_admin import Finding as Difference
from qosresolve.replay.doctor import topics
from tests.replay.doctor.described import DAY, HOUR, names, settings

REMEDY = "kafka-configs.sh --alter --topic t --add-config cleanup.policy=compact"


@pytest.mark.parametrize(
    ("about", "wrong", "found"),
    [
        (About.MISSING, True, ["topic-missing"]),
        (About.PARTITIONS, True, ["partition-counts"]),
        (About.CONFIG, True, ["topic-option"]),
        (About.CONFIG, False, ["topic-option-other"]),
        (About.DONE, False, []),
    ],
)
def test_what_topics_check_finds_has_a_kind(about: About, wrong: bool, found: list[str]) -> None:
    """What has to be mended is critical; an option that is merely another is a note."""
    seen = list(topics.differences([Difference("t", "is so", wrong, REMEDY, about)]))
    assert names(seen) == found
    assert all(each.severity.bad is wrong for each in seen)


def test_the_command_sets_the_option_of_the_table() -> None:
    """It can be run as it stands, once the brokers are named."""
    (seen,) = topics.differences([Difference("t", "is so", True, REMEDY, About.CONFIG)])
    assert seen.command.endswith(
        "--bootstrap-server $BOOTSTRAP --alter --topic t --add-config cleanup.policy=compact"
    )


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"retention.ms": str(14 * DAY), "retention.bytes": "-1"}, []),
        ({"retention.ms": str(DAY)}, []),
        ({"retention.ms": str(DAY - 1)}, ["retention-short"]),
        ({"retention.ms": "-1"}, []),
        ({"retention.bytes": "1000000"}, ["retention-by-size"]),
        ({}, []),
    ],
)
def test_retention_outlives_the_outage(config: dict[str, str | None], found: list[str]) -> None:
    """As long as the budget is enough; no limit is too; any limit by size is told."""
    assert names(topics.too_short({"t": config}, DAY)) == found


@pytest.mark.parametrize(("kept", "found"), [(7 * DAY, []), (HOUR, ["tombstones-short"])])
def test_tombstones_outlive_a_restore(kept: int, found: list[str]) -> None:
    """A tombstone that expires while it is read for brings a report back."""
    configs = {"t": {"delete.retention.ms": str(kept)}}
    assert names(topics.expiring(configs, settings(f"restore_budget_ms={HOUR}"))) == found


@pytest.mark.parametrize(("most", "found"), [(MAX_BYTES, []), (MAX_BYTES - 1, ["messages-small"])])
def test_records_of_a_legal_size_are_taken(most: int, found: list[str]) -> None:
    """What we may write, the brokers have to take."""
    assert names(topics.too_small({"t": {"max.message.bytes": str(most)}})) == found
