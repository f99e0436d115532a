"""Sending inputs by hand, and telling what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from qosresolve.cli.emit import bodies
from qosresolve.cli.emit.waiting import Journal, Where
from qosresolve.cli.output import dump, line
from qosresolve.cli.sending import Sending, send
from qosresolve.cli.session import settings_of, tool
from qosresolve.cli.times import now_ms
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Answer, Command, Deadline, Degradation, Input
from qosresolve.core.vocabulary import Outcome
from qosresolve.errors import RetriableError
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.reports import places
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
    contracts, topic = contracts_for(settings), BY_RECORD[request.record]
    count = len(places(settings, topic))
    sendings = [
        Sending(
            request.record,
            partition_of(body.product_id, count),
            body.product_id,
            bodies.encoded(contracts, request.record, body),
        )
        for body in inputs
    ]
    names = Names(settings.prefix)
    journal = Journal(settings, contracts, {item.partition for item in sendings}) if request.wait else None
    offsets = send(settings, sendings)
    where = [
        (names.of(topic), item.partition, offset) for item, offset in zip(sendings, offsets, strict=True)
    ]
    entries = journal.wait(set(where), request.wait or 0) if journal else {}
    told = [
        _told(names, request.record, body) | _place(place) | _decision(entries.get(place))
        for body, place in zip(inputs, where, strict=True)
    ]
    _show(told, as_json=request.as_json, verb="sent")
    if request.wait and len(entries) < len(set(where)):
        raise RetriableError(
            f"no decision within {request.wait:g} s for {len(set(where)) - len(entries)} of {len(where)}"
            "\n  remedy: the records are sent; is a worker running (`qosresolve run worker`)?"
        )
    return int(any(entry.outcome in BAD for entry in entries.values()))


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
