"""From options or JSON to inputs: names checked, ids and instants filled in, limits kept.

What would end as a dead letter is refused here, before it is sent.
"""

import json
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from qosresolve.cli.people import user
from qosresolve.cli.times import instant
from qosresolve.contracts import convert
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.limits import CONTROL
from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Answer, Command, Deadline, Degradation, Finding, Input
from qosresolve.errors import ConfigError, PoisonRecordError

Values = dict[str, Any]

KINDS: dict[str, type[Input]] = {
    "degradation": Degradation,
    "command": Command,
    "activity-status": Answer,
    "trouble-status": Answer,
    "supplier-status": Answer,
    "deadline": Deadline,
}
_INSTANTS = ("observed_at", "issued_at", "at", "expected_at", "due")
_BUNDLED = Contracts(SingleObjectCodec())


def from_options(options: Mapping[str, object]) -> Values:
    """Return the fields that were given; a finding is JSON."""
    given = {name: value for name, value in options.items() if value not in ("", None)}
    finding = given.get("finding")
    return given | ({"finding": _parsed(str(finding), "--finding")} if finding else {})


def from_file(file: Path) -> list[Values]:
    """Return the records of a JSON array, or of one JSON object a line."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {file}: {error}", setting="--file") from None
    if text.lstrip().startswith("["):
        rows = _parsed(text, "--file")
    else:
        rows = [_parsed(row, f"--file, line {at}") for at, row in _lines(text)]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ConfigError("no JSON objects in it", setting="--file", remedy="an array, or an object a line")
    return list(rows)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    return ((at, row) for at, row in enumerate(text.splitlines(), 1) if row.strip())


def _parsed(text: str, where: str) -> Any:  # noqa: ANN401 - JSON is anything
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"not JSON: {error}", setting=where) from None


def body(record: str, values: Values, now: int, *, where: str = "") -> Input:
    """Return a whole input, checked as the worker will check it. Raises ConfigError."""
    kind = KINDS[record]
    try:
        made = convert.to_core(kind, _completed(kind, values, now))
        if isinstance(made, Command) and made.verb in CONTROL:
            raise ConfigError(
                f"{made.verb} is for every partition",
                setting="verb",
                remedy="use `qosresolve policy activate`",
            )
        _BUNDLED.read_input(record, encoded(_BUNDLED, record, made))
    except PoisonRecordError as error:
        remedy = error.remedy if error.stage == "validate" else "see `qosresolve emit --help` and schemas/"
        raise ConfigError(str(error), setting=where or record, remedy=remedy) from None
    except ValueError as error:
        raise ConfigError(str(error), setting=where or record) from None
    return made


def encoded(contracts: Contracts, record: str, made: Input) -> bytes:
    """Return an input's bytes."""
    if isinstance(made, Answer):
        return contracts.write_answer(record, made)
    return contracts.write_input(made)[1]


def _completed(kind: type[Any], values: Values, now: int) -> Values:
    """Return the fields with their defaults: a new id, the present, this user."""
    _known(kind, values)
    defaults: Values = {
        Degradation: {"event_id": _new(), "source": "qosresolve-cli", "sequence": 0, "observed_at": now},
        Command: {"command_id": _new(), "actor": user(), "role": "", "reason": "", "issued_at": now},
        Answer: {"answer_id": _new(), "at": now},
        Deadline: {"report_id": "", "alarm": 0, "due": now},
        Finding: {"source": "qosresolve-cli", "sequence": now, "at": now},
    }[kind]
    whole = defaults | {name: _instant(name, value) for name, value in values.items()}
    for name, nested in (("finding", Finding), ("degradation", Degradation)):
        if isinstance(whole.get(name), dict):
            whole[name] = _completed(nested, whole[name], now)
    return whole


def _new() -> str:
    return str(uuid.uuid4())


def _instant(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON is anything
    return instant(value, option=name) if name in _INSTANTS and isinstance(value, str) else value


def _known(kind: type[Any], values: Values) -> None:
    names = [field.name for field in fields(kind)]
    for name in values:
        if name not in names:
            raise ConfigError(f"a {kind.__name__} has no {name}", setting=name, remedy=", ".join(names))
