"""The schemas and the core say the same, and every version that was ever written stays readable."""

import json
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.schema import fingerprint
from fastavro.utils import generate_one
from fastavro.validation import validate

from qosresolve.contracts import foreign, schemas
from qosresolve.contracts.convert import CHANNELS, OMITTED, to_avro
from qosresolve.contracts.records import REQUESTS, PublishedPolicy
from qosresolve.core import facts as f
from qosresolve.core import vocabulary
from qosresolve.core.inputs import Answer, Command, Deadline, Degradation
from qosresolve.core.partition import MaintenanceWindow, PartitionState
from qosresolve.core.report import Report
from qosresolve.core.requests import Action
from qosresolve.core.rules import Rule
from qosresolve.core.watch import Watch
from qosresolve.intake.inventory import Relation
from qosresolve.intake.parking import Parked
from qosresolve.intake.state import IntakeState
from qosresolve.topics import TOPICS, Kind

TOP: dict[str, type] = {
    "degradation": Degradation,
    "command": Command,
    "deadline": Deadline,
    **dict.fromkeys(CHANNELS, Answer),
    "report": Report,
    "watch": Watch,
    "partition": PartitionState,
    "report-event": f.Entry,
    **REQUESTS,
    "maintenance-window": MaintenanceWindow,
    "dead-letter": f.DeadLettered,
    "policy": PublishedPolicy,
    "inventory": Relation,
    "intake": IntakeState,
    "parked": Parked,
}


def definitions(record: str) -> dict[str, dict[str, Any]]:
    """Return every named type of a record's schema of today by its short name."""
    return _named(json.loads(schemas.text(record)))


def _named(schema: object) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}

    def walk(node: object) -> None:
        if isinstance(node, list):
            for branch in node:
                walk(branch)
        elif isinstance(node, dict):
            if "name" in node and "namespace" in node:
                found[node["name"]] = node
            for field in node.get("fields", ()):
                walk(field["type"])
            walk(node.get("items"))

    walk(schema)
    return found


ALL = {name: node for record in schemas.records() for name, node in definitions(record).items()}
NESTED: set[type] = set()


def collect(kind: type) -> None:
    """Note every dataclass that a class holds."""
    for hint in get_type_hints(kind).values():
        for part in (hint, *get_args(hint), *(inner for arg in get_args(hint) for inner in get_args(arg))):
            if is_dataclass(part) and isinstance(part, type) and part not in NESTED:
                NESTED.add(part)
                collect(part)


for _kind in (*TOP.values(), *get_args(f.Fact)):
    collect(_kind)

PAIRS = sorted(
    [(name, kind) for name, kind in TOP.items() if kind is not Answer]
    + [("", kind) for kind in NESTED | set(get_args(f.Fact))],
    key=lambda pair: (pair[1].__name__, pair[0]),
)


@pytest.mark.parametrize(("record", "kind"), PAIRS)
def test_fields_are_the_cores(record: str, kind: type) -> None:
    """A class and its record have the same fields in the same order, with the same defaults."""
    node = json.loads(schemas.text(record)) if record else ALL[kind.__name__]
    assert [field["name"] for field in node["fields"]] == [field.name for field in fields(kind)]
    for ours, theirs in zip(fields(kind), node["fields"], strict=True):
        assert ("default" in theirs) == (ours.default is not MISSING), ours.name
        if ours.default is not MISSING:
            assert theirs["default"] == _json(ours.default), ours.name


def _json(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return to_avro(value) if is_dataclass(value) else json.loads(json.dumps(value))


@pytest.mark.parametrize("record", CHANNELS)
def test_an_answers_fields_are_the_channels(record: str) -> None:
    """A channel's record has all fields of an answer in its own words, but those it has no use for."""
    words = {ours: theirs for theirs, ours in CHANNELS[record].items()}
    kept = [field.name for field in fields(Answer) if field.name not in OMITTED[record]]
    node = json.loads(schemas.text(record))
    assert [field["name"] for field in node["fields"]] == [words.get(name, name) for name in kept]


ENUMS = [
    kind
    for kind in (*vars(vocabulary).values(), Action)
    if isinstance(kind, type) and issubclass(kind, Enum) and len(kind) and kind is not vocabulary.Verb
]


@pytest.mark.parametrize("kind", ENUMS)
def test_symbols_are_the_cores(kind: type[Enum]) -> None:
    """An enumeration has the same symbols, each once, and a default for what is newer."""
    assert sorted(ALL[kind.__name__]["symbols"]) == sorted(member.value for member in kind)
    assert ALL[kind.__name__]["default"] in ALL[kind.__name__]["symbols"]


def test_words_that_are_strings_are_listed() -> None:
    """Verbs and rules are strings; the field's doc names every word."""
    verb = next(field for field in ALL["Command"]["fields"] if field["name"] == "verb")
    rule = next(field for field in ALL["Entry"]["fields"] if field["name"] == "rule")
    assert all(word.value in verb["doc"] for word in vocabulary.Verb if word is not vocabulary.Verb.UNKNOWN)
    assert all(word.value in rule["doc"] for word in Rule)


def test_the_journal_holds_every_fact() -> None:
    """The union of facts has each fact class once."""
    items = next(field for field in ALL["Entry"]["fields"] if field["name"] == "facts")["type"]["items"]
    named = [item if isinstance(item, str) else f"{item['namespace']}.{item['name']}" for item in items]
    assert sorted(named) == sorted(f"qosresolve.v1.{kind.__name__}" for kind in get_args(f.Fact))


@pytest.mark.parametrize("record", schemas.records())
def test_what_grows_grows_at_its_end(record: str) -> None:
    """Symbols and facts of a frozen version keep their places: newer ones come after them."""
    today = definitions(record)
    for path in schemas.history(record):
        for name, node in _named(json.loads(path.read_text(encoding="utf-8"))).items():
            for then, now in zip(_grown(node), _grown(today[name]), strict=True):
                assert now[: len(then)] == then, name


def _grown(node: dict[str, Any]) -> list[list[str]]:
    """Return an enumeration's symbols, and of each array the names that it may hold."""
    kinds = [field["type"] for field in node.get("fields", ()) if field["name"] == "facts"]
    unions = [[item if isinstance(item, str) else item["name"] for item in kind["items"]] for kind in kinds]
    return [node.get("symbols", []), *([name.rpartition(".")[2] for name in union] for union in unions)]


@pytest.mark.parametrize("name", sorted(ALL))
def test_everything_is_explained(name: str) -> None:
    """Each record, enumeration and field has a doc."""
    assert ALL[name]["doc"]
    for field in ALL[name].get("fields", ()):
        assert len(field["doc"]) > 5, field["name"]
        if _is_instant(field["type"]):
            assert "ms since the epoch, UTC" in field["doc"], field["name"]


def _is_instant(kind: object) -> bool:
    branch = kind[-1] if isinstance(kind, list) else kind
    return isinstance(branch, dict) and branch.get("logicalType") == "timestamp-millis"


@pytest.mark.parametrize("record", ["report", "watch", "partition", "report-event"])
def test_equal_values_can_be_equal_bytes(record: str) -> None:
    """Maps and floats have more than one form: state and facts hold none."""
    for node in definitions(record).values():
        held = json.dumps([field["type"] for field in node.get("fields", ())])
        assert not {"map", "float", "double"} & set(held.split('"'))


def test_every_topic_has_its_record() -> None:
    """Each record that the table of topics names has a schema; only what others write has none."""
    assert {topic.record for topic in TOPICS if topic.kind is not Kind.FOREIGN} <= set(schemas.records())
    assert not any(topic.record for topic in TOPICS if topic.kind is Kind.FOREIGN)
    assert set(schemas.records()) == set(TOP)


def test_fingerprints_are_crc_64_avro() -> None:
    """The fingerprint of "null" is the one that the Avro specification's algorithm gives."""
    assert fingerprint('"null"', "CRC-64-AVRO") == (0x63DD24E7CC258F8A).to_bytes(8, "little").hex()


def test_the_newest_frozen_version_is_todays() -> None:
    """A changed schema is frozen first: python -m qosresolve.contracts.schemas freeze."""
    assert schemas.unfrozen() == []


@pytest.mark.parametrize("record", schemas.records())
def test_schemas_are_fit_for_others(record: str) -> None:
    """A self-contained schema parses with its logical types, and passes our own check of writers' schemas."""
    parse_schema(json.loads(schemas.text(record)))
    assert foreign.admit(schemas.text(record)).version.fingerprint == schemas.current(record).fingerprint


@pytest.mark.parametrize("record", schemas.records())
def test_what_an_older_version_left_out_is_read_as_its_type(record: str) -> None:
    """Every default is a value of its field; fastavro would read that of bytes as text."""
    today = schemas.current(record).parsed
    for version in schemas.versions(record).values():
        body = BytesIO()
        schemaless_writer(body, version.parsed, generate_one(version.parsed))
        body.seek(0)
        assert validate(schemaless_reader(body, version.parsed, today), today)


def test_a_change_is_noticed_and_frozen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Freezing writes the next version of what changed, and nothing else."""
    names = schemas.records()
    old = json.loads(schemas.text("deadline"))
    old["fields"] = old["fields"][:-1]
    for record in names:
        (tmp_path / "history" / record).mkdir(parents=True)
        content = json.dumps(old) if record == "deadline" else schemas.text(record)
        (tmp_path / "history" / record / "1.avsc").write_text(content, encoding="utf-8")
    monkeypatch.setattr(schemas, "folder", lambda: tmp_path)
    monkeypatch.setattr(schemas, "records", lambda: names)
    assert schemas.unfrozen() == ["deadline"]
    assert schemas.freeze() == [tmp_path / "history" / "deadline" / "2.avsc"]
    assert schemas.unfrozen() == []
