"""`schemas` against a real registry: what is new, the same, compatible and not, and what it does about it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from qosresolve.contracts import schemas as bundled
from qosresolve.contracts.registry.subjects import BACKWARD, FORWARD, subjects
from qosresolve.topics import Names
from tests.cli.conftest import Run

Json = Callable[..., Any]
DEGRADATION = "qos.degradation.v1-value"


@pytest.fixture
def client(registry_url: str) -> Iterator[SchemaRegistryClient]:
    """Whoever else uses the registry."""
    made = SchemaRegistryClient({"url": registry_url})
    yield made
    made.close()


@pytest.fixture
def run(cli: Run, registry_url: str, prefix: str) -> Run:
    """Run `schemas` under a prefix of the test's own."""

    def made(*words: str, **more: str) -> Any:  # noqa: ANN401 - the runner's own
        at = ("--set", f"schema_registry_url={registry_url}", "--set", f"prefix={prefix}")
        return cli("schemas", *words, *at, **more)

    return made


@pytest.fixture
def read(run: Run) -> Json:
    """Run it for a program: return the exit status and what was printed."""

    def made(*words: str) -> tuple[int, Any]:
        result = run(*words, "--json")
        return result.exit_code, json.loads(result.stdout)

    return made


def changed(record: str, change: Callable[[dict[str, Any]], object]) -> str:
    """Return today's schema of a record with a change."""
    schema: dict[str, Any] = json.loads(bundled.text(record))
    change(schema)
    return json.dumps(schema)


def ships(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let another release of this program be the one that runs."""
    monkeypatch.setattr(bundled, "text", lambda _: text)


def add(**field: object) -> Callable[[dict[str, Any]], object]:
    """Add a field."""
    return lambda schema: schema["fields"].append(field)


def kinds(schema: dict[str, Any]) -> list[str]:
    """Return the symbols of a degradation's kind."""
    field = next(field for field in schema["fields"] if field["name"] == "kind")
    symbols: list[str] = field["type"]["symbols"]
    return symbols


def test_a_new_registry_gets_all_of_it(
    run: Run, read: Json, client: SchemaRegistryClient, prefix: str
) -> None:
    """With each subject's compatibility; a dry run and a run that nobody agrees to write nothing."""
    status, found = read("check")
    assert status == 0
    assert {item["verdict"] for item in found} == {"new"}
    status, planned = read("register", "--dry-run")
    assert status == 0
    assert planned["dry_run"]
    assert len(planned["done"]) == len(found)
    unasked = run("register", "report")
    assert unasked.exit_code == 2
    assert "nobody is there to ask" in unasked.stderr
    assert not [name for name in client.get_subjects() if name.startswith(prefix)]
    status, done = read("register", "--yes")
    assert status == 0
    assert [item["name"] for item in done["done"]] == [item["subject"] for item in found]
    for subject in subjects(Names(prefix)):
        assert client.get_compatibility(subject.name) == subject.level
        latest = client.get_latest_version(subject.name)
        assert latest.schema.schema_str == bundled.text(subject.record)
    status, found = read("check")
    assert status == 0
    assert {(item["verdict"], item["version"]) for item in found} == {("same", 1)}
    assert {item["compatibility"] for item in found} == {BACKWARD, FORWARD}
    assert run("register", "report", "escalation").stdout == (
        "nothing to do: every schema is registered, and every subject's compatibility is set\n"
    )
    assert run("diff", "report", "report-event").stdout == "nothing differs\n"


def test_a_compatible_change(run: Run, read: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, shown by field, and becomes the next version."""
    read("register", "degradation", "--yes")
    text = changed("degradation", add(name="mood", type="string", default="calm"))
    ships(monkeypatch, text)
    status, (found,) = read("check", "degradation")
    assert (status, found["verdict"], found["versions"]) == (0, "compatible", [1])
    assert found["remedy"] == "qosresolve schemas register"
    status, (compared,) = read("diff", "degradation")
    assert (status, compared["version"]) == (1, 1)
    assert compared["differences"] == [
        {"where": "Degradation.mood", "what": "added", "registered": "", "ships": 'string = "calm"'}
    ]
    shown = run("diff", "degradation").stdout
    assert "Degradation.mood" in shown
    assert 'string = "calm"' in shown
    assert read("register", "degradation", "--yes")[0] == 0
    status, (found,) = read("check", "degradation")
    assert (status, found["verdict"], found["version"]) == (0, "same", 2)
    assert read("diff", "degradation", "--version", "1")[0] == 1
    assert read("diff", "degradation")[0] == 0


@pytest.mark.parametrize("ours", [False, True])
def test_an_incompatible_change_is_refused(
    read: Json, client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch, prefix: str, ours: bool
) -> None:
    """A field without a default, in the registry's words; a symbol that is gone, in ours.

    No registry minds the latter where the enum has a default, which all of ours have. Nothing is written.
    """
    read("register", "degradation", "report", "--yes")
    no_default = changed("degradation", add(name="mood", type="string"))
    no_symbol = changed("degradation", lambda schema: kinds(schema).remove("abate"))
    ships(monkeypatch, no_symbol if ours else no_default)
    status, (found,) = read("check", "degradation")
    assert (status, found["verdict"], found["against"]) == (1, "incompatible", [1])
    assert ("DegradationKind.abate: not there any more" if ours else "mood") in found["words"]
    assert "give every new field a default, and take no symbol away" in found["remedy"]
    for words in (("--dry-run",), ("--yes",)):
        status, told = read("register", "degradation", *words)
        assert status == 1
        assert told["done"] == []
        assert told["refused"] == [found]
    assert client.get_versions(prefix + DEGRADATION) == [1]


def test_every_version_is_looked_at(
    read: Json, client: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    """What can be read by the latest version's standard and not by the first's is refused.

    The client's own test of compatibility looks at the latest alone; so does a registry whose subject has a
    level that is not transitive.
    """
    subject = prefix + DEGRADATION
    first, second = (path.read_text(encoding="utf-8") for path in bundled.history("degradation"))
    for text in (first, second):
        client.register_schema(subject, Schema(text, "AVRO"))
    client.set_compatibility(subject, "BACKWARD")
    known = {field["name"] for field in json.loads(first)["fields"]}

    def bare(schema: dict[str, Any]) -> None:
        for field in schema["fields"]:
            if field["name"] not in known:
                del field["default"]

    text = changed("degradation", bare)
    assert client.test_compatibility(subject, Schema(text, "AVRO"))
    ships(monkeypatch, text)
    status, (found,) = read("check", "degradation")
    assert (status, found["verdict"], found["against"]) == (1, "incompatible", [1])
    assert found["compatibility"] == "BACKWARD"
    assert BACKWARD in found["remedy"]
    status, told = read("register", "degradation", "--yes")
    assert status == 1
    assert told["refused"][0]["what"] == f"set {BACKWARD}, refused"
    assert "marks" in told["refused"][0]["words"]
    status, (found,) = read("check", "degradation")
    assert (status, found["compatibility"], found["against"]) == (1, BACKWARD, [1])


def test_another_compatibility_is_told_and_mended(
    read: Json, client: SchemaRegistryClient, prefix: str
) -> None:
    """A subject that somebody registered by hand, or a worker at its first use, has the registry's own."""
    subject = prefix + DEGRADATION
    client.register_schema(subject, Schema(bundled.text("degradation"), "AVRO"))
    status, (found,) = read("check", "degradation")
    assert (status, found["verdict"], found["well"]) == (1, "same", False)
    assert f"qosresolve schemas register sets {BACKWARD}" in found["remedy"]
    status, told = read("register", "degradation", "--yes")
    assert (status, told["done"][0]["what"]) == (0, f"set {BACKWARD}")
    assert client.get_compatibility(subject) == BACKWARD
    client.set_compatibility(subject, "FULL_TRANSITIVE")
    assert read("check", "degradation")[0] == 0, "who promises more is let be"


def test_somebody_elses_schema(run: Run, client: SchemaRegistryClient, prefix: str) -> None:
    """It is refused with the way out: another prefix. A table says it as well as JSON does."""
    subject = prefix + DEGRADATION
    theirs = {"type": "record", "name": "Theirs", "fields": [{"name": "x", "type": "int"}]}
    client.register_schema(subject, Schema(json.dumps(theirs), "AVRO"))
    client.set_compatibility(subject, BACKWARD)
    shown = run("check", "degradation")
    assert shown.exit_code == 1
    assert "incompatible" in shown.stdout
    assert "not with 1" in shown.stdout
    assert "set another prefix" in shown.stdout
    refused = run("register", "degradation", "--yes")
    assert refused.exit_code == 1
    assert refused.stdout.endswith("nothing was written: the registry would refuse this\n")
