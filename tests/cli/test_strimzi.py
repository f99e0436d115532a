"""Topics and rights as Strimzi's resources say what the tables say, under the names of the settings."""

from __future__ import annotations

import pytest
import yaml

from qosresolve.kafka import strimzi
from qosresolve.kafka.acls import TABLE, Role, acls
from qosresolve.settings import Settings
from qosresolve.topics import TOPICS, Names
from tests.cli.conftest import Run

SETTINGS = Settings(
    prefix="prod_A.",
    group="prod",
    transactional_id_prefix="prod-",
    partitions=24,
    replication_factor=5,
)


def test_every_topic_is_there_as_it_would_be_made() -> None:
    """Count, copies and options of each; a name that Kubernetes would not take stays the topic's."""
    found = {each["spec"]["topicName"]: each for each in strimzi.topics(SETTINGS)}
    assert set(found) == {Names(SETTINGS.prefix).of(topic) for topic in TOPICS}
    for topic in TOPICS:
        made = found[Names(SETTINGS.prefix).of(topic)]
        assert made["metadata"]["name"] == f"prod-a.{topic.name}"
        assert made["spec"]["partitions"] == (24 if topic.co_partitioned else 1)
        assert made["spec"]["replicas"] == 5
        options = {option: str(value) for option, value in made["spec"]["config"].items()}
        assert options == topic.config() | {"min.insync.replicas": "4"}


@pytest.mark.parametrize("role", Role)
def test_a_user_has_its_role_s_rights_and_no_other(role: Role) -> None:
    """Each right once, in Strimzi's words; nothing of the cluster, no pattern where a name is meant."""
    [user] = strimzi.users(SETTINGS, [role])
    rules = user["spec"]["authorization"]["acls"]
    said = [
        (rule["resource"]["name"], rule["resource"]["patternType"], tuple(rule["operations"]))
        for rule in rules
    ]
    patterns = {"LITERAL": "literal", "PREFIXED": "prefix"}
    assert said == [(acl.name, patterns[acl.pattern], acl.operations) for acl in acls(role, SETTINGS)]
    assert {rule["resource"]["type"] for rule in rules} <= {"topic", "group", "transactionalId"}


def test_the_scaler_may_only_look() -> None:
    """Where the anchor ends, and how far the group is."""
    rules = strimzi.scaler(SETTINGS)["spec"]["authorization"]["acls"]
    assert {rule["resource"]["name"] for rule in rules} == {"prod_A.qos.degradation.v1", "prod"}
    assert {operation for rule in rules for operation in rule["operations"]} == {"Describe"}


def test_who_runs_in_a_pod_has_a_user() -> None:
    """Every role of `run`, and the job that makes the topics; no tool of people."""
    assert set(strimzi.PODS) == {
        Role.WORKER,
        Role.TIMER,
        Role.AUDITOR,
        Role.INTAKE,
        Role.NOTIFY,
        Role.TOPICS,
    }


def test_the_commands_print_them(cli: Run) -> None:
    """`topics strimzi` and `acls --format strimzi` are YAML for kubectl, and need no Kafka."""
    topics = list(yaml.safe_load_all(cli("topics", "strimzi", "--set", "prefix=x.").stdout))
    assert [each["spec"]["topicName"] for each in topics] == [f"x.{topic.name}" for topic in TOPICS]
    [user] = yaml.safe_load_all(cli("acls", "timer", "--format", "strimzi").stdout)
    assert len(user["spec"]["authorization"]["acls"]) == len(TABLE[Role.TIMER])


def test_a_user_is_named_after_its_role(cli: Run) -> None:
    """A principal of one's own is for Kafka's own tool: here it is refused, with what to do."""
    done = cli("acls", "timer", "--format", "strimzi", "--principal", "User:me")
    assert done.exit_code == 2
    assert "leave it out" in done.output
