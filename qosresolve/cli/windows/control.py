"""Ordering every partition to know a maintenance window, or to forget it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from qosresolve.cli.asking import Journal
from qosresolve.cli.output import dump, line
from qosresolve.cli.people import user
from qosresolve.cli.sending import Sending, send
from qosresolve.cli.times import now_ms
from qosresolve.cli.windows import view
from qosresolve.contracts.records import Contracts
from qosresolve.contracts.windows import write_body
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Command
from qosresolve.core.partition import MaintenanceWindow
from qosresolve.core.vocabulary import Outcome, Verb
from qosresolve.errors import ConfigError, RetriableError
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.windows import LIFT, SET
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.reports import partition_states, places, stored_reports
from qosresolve.settings import Settings
from qosresolve.topics import COMMAND, Names

BAD = frozenset({Outcome.REFUSED, Outcome.DEAD_LETTER})


@dataclass(frozen=True, slots=True)
class Order:
    """Who orders it and why, how long to wait for the partitions (seconds, None not to), and how to tell."""

    actor: str
    role: str
    reason: str
    wait: float | None
    as_json: bool


def preview(settings: Settings, window: MaintenanceWindow, *, as_json: bool) -> int:
    """Show when a window would hold, and over which open reports."""
    reports = [report for report in stored_reports(settings, contracts_for(settings)) if report.open]
    view.preview(window, reports, as_json=as_json)
    return 0


def enter(settings: Settings, window: MaintenanceWindow, order: Order) -> int:
    """Order every partition to know a window; return the exit status."""
    return _ordered(settings, order, window.window_id, (SET, write_body(window)))


def lift(settings: Settings, window_id: str, order: Order, *, dry_run: bool) -> int:
    """Order every partition to forget a window; return the exit status."""
    states = partition_states(settings, contracts_for(settings))
    found = {item.window_id for state in states.values() for item in view.in_force(state.windows)}
    if window_id not in found:
        raise ConfigError(
            f"no partition knows a window {window_id!r}",
            setting="ID",
            remedy="name one that `qosresolve windows list` shows",
        )
    if not dry_run:
        return _ordered(settings, order, window_id, (LIFT, window_id))
    knowing = [number for number, state in states.items() if _knows(state.windows, window_id)]
    if order.as_json:
        dump({"window_id": window_id, "known_in": knowing, "dry_run": True})
    else:
        line(f"{window_id} would be lifted; known in partitions {', '.join(map(str, knowing))}")
    return 0


def _knows(windows: tuple[MaintenanceWindow, ...], window_id: str) -> bool:
    return any(item.window_id == window_id for item in view.in_force(windows))


def _ordered(settings: Settings, order: Order, window_id: str, said: tuple[str, str]) -> int:
    contracts = contracts_for(settings)
    partitions = [number for _, number in places(settings, COMMAND, Operation.WRITE)]
    command = _command(order, *said)
    decided = _sent(settings, contracts, command, partitions, order.wait)
    _tell(order, window_id, command, partitions, decided)
    if order.wait is not None and len(decided) < len(partitions):
        silent = ", ".join(str(number) for number in partitions if number not in decided)
        raise RetriableError(
            f"no decision within {order.wait:g} s in partitions {silent}"
            "\n  remedy: the order is sent; is a worker running (`qosresolve run worker`)?"
        )
    return int(any(entry.outcome in BAD for entry in decided.values()))


def _sent(
    settings: Settings, contracts: Contracts, command: Command, partitions: list[int], wait: float | None
) -> dict[int, Entry]:
    """Return what each partition decided in time."""
    record, value = contracts.write_input(command)
    sendings = [Sending(record, number, str(number), value) for number in partitions]
    if wait is None:
        send(settings, sendings)
        return {}
    journal = Journal(settings, contracts, partitions)
    try:
        topic = Names(settings.prefix).of(COMMAND)
        offsets = zip(partitions, send(settings, sendings), strict=True)
        entries = journal.wait({(topic, number, offset) for number, offset in offsets}, wait, lambda _: None)
    finally:
        journal.close()
    return {entry.cause.partition: entry for entry in entries.values()}


def _command(order: Order, field: str, value: str) -> Command:
    return Command(
        product_id="",
        command_id=str(uuid.uuid4()),
        verb=Verb.SET_WINDOW,
        actor=order.actor or user(),
        role=order.role,
        reason=order.reason,
        issued_at=now_ms(),
        field=field,
        value=value,
    )


def _tell(
    order: Order, window_id: str, command: Command, partitions: list[int], decided: Mapping[int, Entry]
) -> None:
    outcomes = {
        str(number): {"outcome": str(entry.outcome), "rule": str(entry.rule), "meaning": entry.rule.meaning}
        for number, entry in sorted(decided.items())
    }
    if order.as_json:
        told = {"window_id": window_id, "command_id": command.command_id, "partitions": partitions}
        dump(told | ({} if order.wait is None else {"outcomes": outcomes}))
        return
    verb = "lifted" if command.field == LIFT else "set"
    line(f"{window_id} ordered to be {verb} in {len(partitions)} partitions by command {command.command_id}")
    for number, said in outcomes.items():
        rule = f" by rule {said['rule']}: {said['meaning']}" if said["rule"] else ""
        line(f"  partition {number}: {said['outcome']}{rule}")
