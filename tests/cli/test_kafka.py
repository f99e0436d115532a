"""The commands on a real broker: topics are made and checked, what is emitted can be read back."""

import json
from collections.abc import Callable

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from typer.testing import Result

from qosresolve.contracts.policy.file import default_text
from qosresolve.core.inputs import Command, Degradation
from qosresolve.core.vocabulary import Verb
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.reading import read_all
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.reports import places
from qosresolve.settings import Settings, load
from qosresolve.topics import COMMAND, DEGRADATION, REPORT, Names
from tests.cli.conftest import Run

PARTITIONS = 3
Tool = Callable[..., Result]


@pytest.fixture
def sets(kafka_bootstrap: str, prefix: str) -> list[str]:
    """Settings of one test."""
    values = {
        "bootstrap_servers": kafka_bootstrap,
        "prefix": prefix,
        "group": f"{prefix}group",
        "partitions": PARTITIONS,
        "replication_factor": 1,
    }
    return [f"{name}={value}" for name, value in values.items()]


@pytest.fixture
def settings(sets: list[str]) -> Settings:
    """The same, loaded."""
    return load(None, sets)


@pytest.fixture
def tool(cli: Run, sets: list[str]) -> Tool:
    """Run a command with these settings."""
    options = [word for item in sets for word in ("--set", item)]
    return lambda *words: cli(*words, *options)


@pytest.fixture
def made(tool: Tool) -> Tool:
    """The same, with topics."""
    assert tool("topics", "create").exit_code == 0
    return tool


def test_topics_are_made_once(tool: Tool) -> None:
    """Missing topics are findings; made ones are right; making them again does nothing."""
    assert tool("topics", "check").exit_code == 1
    assert tool("topics", "create", "--dry-run").exit_code == 0
    assert tool("topics", "check").exit_code == 1
    done = json.loads(tool("topics", "create", "--json").stdout)["done"]
    assert any(REPORT.name in item["topic"] for item in done)
    checked = tool("topics", "check")
    assert (checked.exit_code, checked.stdout) == (0, "all right\n")
    again = tool("topics", "create", "--json")
    assert (again.exit_code, json.loads(again.stdout)["done"]) == (0, [])


def test_a_changed_cleanup_policy_is_found(made: Tool, settings: Settings) -> None:
    """A state topic that ages out loses reports: the finding names topic and remedy."""
    name = Names(settings.prefix).of(REPORT)
    entry = ConfigEntry("cleanup.policy", "delete", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": settings.bootstrap_servers})
    next(iter(admin.incremental_alter_configs([resource]).values())).result()
    checked = made("topics", "check", "--json")
    assert checked.exit_code == 1
    (finding,) = json.loads(checked.stdout)
    assert (finding["topic"], finding["wrong"]) == (name, True)
    assert "cleanup.policy=compact" in finding["remedy"]


def test_an_emitted_degradation_is_read_back(made: Tool, settings: Settings) -> None:
    """Key, partition and bytes are as the worker expects them."""
    event = ("--product", "P1", "--indicator", "latency", "--object", "svc-1", "--value", "120")
    result = made("emit", "degradation", *event, "--json")
    assert result.exit_code == 0
    (told,) = json.loads(result.stdout)
    (message,) = read_all(settings, places(settings, DEGRADATION))
    body = contracts_for(settings).read_input("degradation", message.value() or b"")
    assert isinstance(body, Degradation)
    assert (body.event_id, body.value) == (told["id"], "120")
    assert message.key() == b"P1"
    assert message.partition() == told["partition"] == partition_of("P1", PARTITIONS)
    assert message.offset() == told["offset"]


def test_without_a_worker_waiting_ends_in_time(made: Tool) -> None:
    """It is sent, and nobody decides: that is neither applied nor refused."""
    wait = ("--wait", "--timeout", "0.3")
    result = made("emit", "command", "--product", "P1", "--verb", "note", "--value", "hello", *wait)
    assert result.exit_code == 75
    assert "sent " in result.stdout
    assert "qosresolve run worker" in result.stderr


def test_a_policy_is_published_once_and_ordered_in_every_partition(
    made: Tool, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One command record a partition, by explicit partition, key = partition number."""
    file = tmp_path_factory.mktemp("policy") / "policy.yaml"
    file.write_text(default_text(), encoding="utf-8")
    first = json.loads(made("policy", "publish", str(file), "--json").stdout)
    second = json.loads(made("policy", "publish", str(file), "--json").stdout)
    assert (first["new"], second["new"], first["hash"]) == (True, False, second["hash"])
    assert made("policy", "activate", "nonsense").exit_code == 2
    dry = made("policy", "activate", first["hash"][:8], "--dry-run", "--json")
    assert json.loads(dry.stdout)["hash"] == first["hash"]
    assert made("policy", "activate", first["hash"][:8], "--reason", "CHG-1").exit_code == 0
    messages = list(read_all(settings, places(settings, COMMAND)))
    assert sorted((message.partition(), message.key()) for message in messages) == [
        (number, str(number).encode()) for number in range(PARTITIONS)
    ]
    for message in messages:
        order = contracts_for(settings).read_input("command", message.value() or b"")
        assert isinstance(order, Command)
        assert (order.verb, order.value) == (Verb.ACTIVATE_POLICY, first["hash"])
    shown = json.loads(made("policy", "show", "--json").stdout)
    assert [item["hash"] for item in shown["published"]] == [first["hash"]]
    assert shown["active"] == {}


def test_nothing_yet_is_told_plainly(made: Tool) -> None:
    """Empty topics verify; there are no reports; an unknown name has a remedy."""
    assert made("verify").exit_code == 0
    assert json.loads(made("reports", "list", "--json").stdout) == []
    assert "no reports" in made("reports", "list").stdout
    missing = made("reports", "show", "nobody")
    assert missing.exit_code == 2
    assert "reports list" in missing.stderr
