"""What a schema cannot say of an input is checked, and told with field and remedy."""

from dataclasses import fields, replace
from typing import Any, TypeVar

import pytest

from qosresolve.contracts import limits
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.limits import EARLIEST, LATEST, MAX_ID, MAX_TEXT, Limits
from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Answer, Command, Deadline, Degradation, Finding
from qosresolve.core.vocabulary import (
    AnswerState,
    DegradationKind,
    ObjectKind,
    RootCauseKind,
    Severity,
    Verb,
)
from qosresolve.errors import PoisonRecordError

NOW = 1_760_000_000_000
CONTRACTS = Contracts(SingleObjectCodec())
EVENT = Degradation(
    "prod-1",
    "e-1",
    "tca",
    7,
    DegradationKind.RAISE,
    "latency",
    "svc-1",
    ObjectKind.SERVICE,
    Severity.MAJOR,
    NOW,
)
FINDING = Finding("lab", 1, NOW, RootCauseKind.SERVICE, explains=("latency",))
COMMAND = Command("prod-1", "c-1", Verb.FINDING, "ann", "noc", "", NOW, finding=FINDING)
OPEN = Command("prod-1", "c-1", Verb.OPEN, "ann", "noc", "", NOW, degradation=replace(EVENT, event_id=""))
CONTROL = Command("", "c-1", Verb.ACTIVATE_POLICY, "ann", "noc", "", NOW, value="h" * 64)
ANSWER = Answer("prod-1", "a-1", "o-1", AnswerState.RESOLVED, NOW, finding=FINDING)
DEADLINE = Deadline("prod-1", "", 3, NOW)

Simple = Degradation | Command | Deadline
Body = TypeVar("Body", Degradation, Command, Answer)


def read(body: Simple | Answer) -> object:
    """Return what the reader makes of an input's bytes."""
    if isinstance(body, Answer):
        return CONTRACTS.read_input("trouble-status", CONTRACTS.write_answer("trouble-status", body))
    return CONTRACTS.read_input(*CONTRACTS.write_input(body))


@pytest.mark.parametrize("body", [EVENT, COMMAND, OPEN, CONTROL, ANSWER, DEADLINE])
def test_taken(body: Simple | Answer) -> None:
    """An input within its limits is taken; only control commands have no product."""
    assert read(body) == body


def without(body: Body, name: str) -> Body:
    """Return an input with one id left empty."""
    empty: dict[str, Any] = {name: ""}
    return replace(body, **empty)


LONG_ID = "i" * (MAX_ID + 1)
REFUSED: list[tuple[Simple | Answer, str]] = [
    *(
        (without(EVENT, name), name)
        for name in ("product_id", "event_id", "source", "indicator", "object_id")
    ),
    *((without(COMMAND, name), name) for name in ("product_id", "command_id", "actor")),
    *((without(ANSWER, name), name) for name in ("product_id", "answer_id", "obligation_id")),
    (replace(DEADLINE, product_id=""), "product_id"),
    (replace(CONTROL, verb=Verb.CLOSE), "product_id"),
    (replace(EVENT, product_id=LONG_ID), "product_id"),
    (replace(EVENT, value=LONG_ID), "value"),
    (replace(EVENT, site="é" * (MAX_ID // 2 + 1)), "site"),
    (replace(EVENT, object_id="svc\x1f1"), "object_id"),
    (replace(EVENT, description="d" * (MAX_TEXT + 1)), "description"),
    (replace(COMMAND, value="d" * (MAX_TEXT + 1)), "value"),
    (replace(ANSWER, note="é" * (MAX_TEXT // 2 + 1)), "note"),
    (replace(EVENT, observed_at=EARLIEST - 1), "observed_at"),
    (replace(EVENT, observed_at=NOW // 1000), "observed_at"),
    (replace(EVENT, observed_at=NOW * 1000), "observed_at"),
    (replace(COMMAND, issued_at=LATEST), "issued_at"),
    (replace(COMMAND, at=0), "at"),
    (replace(ANSWER, expected_at=LATEST), "expected_at"),
    (replace(DEADLINE, due=0), "due"),
    (replace(COMMAND, finding=replace(FINDING, source="")), "finding.source"),
    (replace(ANSWER, finding=replace(FINDING, at=0)), "finding.at"),
    (replace(ANSWER, finding=replace(FINDING, explains=("i",) * 257)), "finding.explains"),
    (replace(ANSWER, finding=replace(FINDING, explains=(LONG_ID,))), "finding.explains"),
    (replace(OPEN, degradation=replace(EVENT, indicator="")), "degradation.indicator"),
]


@pytest.mark.parametrize(("body", "field"), REFUSED)
def test_refused(body: Simple | Answer, field: str) -> None:
    """An input beyond a limit is poison; the error names the field, the remedy what it may be."""
    with pytest.raises(PoisonRecordError) as raised:
        read(body)
    assert f".{field}: " in str(raised.value)
    assert field.rpartition(".")[2] in raised.value.remedy
    assert raised.value.stage == "validate"


@pytest.mark.parametrize("content", [b"abc", b"12345"])
def test_a_content_digest_has_its_length(content: bytes) -> None:
    """It goes into a ring of fingerprints of equal length: another length would shift all of them."""
    with pytest.raises(PoisonRecordError, match="content"):
        read(replace(EVENT, content=content))
    assert read(replace(EVENT, content=b"1234")) == replace(EVENT, content=b"1234")


def test_lengths_are_bytes() -> None:
    """The limit itself is taken, in UTF-8 bytes."""
    assert read(replace(EVENT, site="é" * (MAX_ID // 2)))
    assert read(replace(EVENT, description="d" * MAX_TEXT))


@pytest.mark.parametrize(
    ("kind", "listed"),
    [
        (Degradation, limits._DEGRADATION),
        (Degradation, limits._HANDED_OVER),
        (Command, limits._COMMAND),
        (Command, limits._CONTROL),
        (Answer, limits._ANSWER),
        (Deadline, limits._DEADLINE),
        (Finding, limits._FINDING),
    ],
)
def test_no_text_is_without_a_limit(kind: type, listed: Limits) -> None:
    """Every text of an input is an id or a free text: a new field has to be listed."""
    texts = {field.name for field in fields(kind) if field.type is str}
    assert texts == {*listed.required, *listed.ids, *listed.texts}
    instants = {
        field.name for field in fields(kind) if field.name.endswith("at") or field.name in ("at", "due")
    }
    assert instants == set(listed.instants)
