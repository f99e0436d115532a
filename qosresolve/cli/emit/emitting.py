"""Sending inputs by hand, and telling what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from qosresolve.cli import bodies
from qosresolve.cli.asking import Asking, Where
from qosresolve.cli.output import dump, line
from qosresolve.cli.session import settings_of, tool
from qosresolve.cli.times import now_ms
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Answer, Command, Deadline, Degradation, Input
from qosresolve.core.vocabulary import Outcome
from qosresolve.errors import RetriableError
from qosresolve.kafka.wire import contracts_for
from qosresolve.settings import Settings
from qosresolve.topics import BY_RECORD, Names

BAD = frozenset({Outcome.REFUSED, Outcome.DEAD_LETTER})


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for; `wait` in seconds, None not to."""

    record: str
    options: Mapping[str, object]
    file: Path | None
    config: Path | None
    sets: tuple[str, ...]
    wait: float | None
    dry_run: bool
    as_json: bool


def emit(request: Request) -> int:
    """Send, or show what would be sent; return the exit status."""
    inputs = _inputs(request)
    if request.dry_run:
        names = Names(settings_of(request.config, request.sets).prefix)
        told = [_told(names, request.record, body) for body in inputs]
        _show(told, as_json=request.as_json, verb="would send")
        return 0
    return _sent(tool(request.config, request.sets), request, inputs)


def _inputs(request: Request) -> list[Input]:
    now = now_ms()
    if request.file is None:
        return [bodies.body(request.record, bodies.from_options(request.options), now)]
    rows = bodies.from_file(request.file)
    return [
        bodies.body(request.record, row, now, where=f"--file, record {at}") for at, row in enumerate(rows, 1)
    ]


def _sent(settings: Settings, request: Request, inputs: Sequence[Input]) -> int:
    products = None if request.wait is None else [body.product_id for body in inputs]
    with Asking(settings, contracts_for(settings), request.record, products) as asking:
        answers = asking.ask(inputs, request.wait or 0)
    names = Names(settings.prefix)
    told = [
        _told(names, request.record, item.body) | _place(item.where) | _decision(item.entry)
        for item in answers
    ]
    _show(told, as_json=request.as_json, verb="sent")
    entries = [item.entry for item in answers if item.entry is not None]
    if request.wait and len(entries) < len(answers):
        raise RetriableError(
            f"no decision within {request.wait:g} s for {len(answers) - len(entries)} of {len(answers)}"
            "\n  remedy: the records are sent; is a worker running (`qosresolve run worker`)?"
        )
    return int(any(entry.outcome in BAD for entry in entries))


def _told(names: Names, record: str, body: Input) -> dict[str, Any]:
    return {
        "topic": names.of(BY_RECORD[record]),
        "key": body.product_id,
        "id": _id(body),
        "event_id": body.identity(),
        "body": msgspec.to_builtins(body),
    }


def _id(body: Input) -> str:
    match body:
        case Degradation():
            return body.event_id
        case Command():
            return body.command_id
        case Answer():
            return body.answer_id
        case Deadline():
            return body.identity()


def _place(where: Where) -> dict[str, Any]:
    return {"partition": where[1], "offset": where[2]}


def _decision(entry: Entry | None) -> dict[str, Any]:
    if entry is None:
        return {}
    facts = [type(fact).__name__ for fact in entry.facts]
    return {"outcome": str(entry.outcome), "rule": str(entry.rule), "facts": facts}


def _show(told: Sequence[dict[str, Any]], *, as_json: bool, verb: str) -> None:
    if as_json:
        dump(list(told))
        return
    for item in told:
        place = f"-{item['partition']}@{item['offset']}" if "offset" in item else ""
        line(f"{verb} {item['id']} to {item['topic']}{place}, key {item['key']}")
        if "outcome" in item:
            facts = ", ".join(item["facts"]) or "no facts"
            line(f"  {item['outcome']}{' by rule ' + item['rule'] if item['rule'] else ''}: {facts}")
        elif "offset" not in item:
            body = {name: value for name, value in item["body"].items() if value not in ("", None)}
            line("  " + ", ".join(f"{name} {value}" for name, value in body.items()))
