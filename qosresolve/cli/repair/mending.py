"""Examining one report, ordering its repair, and again where something happened to it meanwhile."""

import sys
import uuid
from dataclasses import asdict, dataclass

import typer

from qosresolve.cli.asking import Asking, Told
from qosresolve.cli.output import dump, line
from qosresolve.cli.people import user
from qosresolve.cli.times import now_ms
from qosresolve.cli.verify.view import bar, mismatches
from qosresolve.contracts.codec import MOST_BYTES
from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Command
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome, Verb
from qosresolve.errors import ConfigError, RetriableError
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.repairing import Examined, Wanted, examine
from qosresolve.settings import Settings

ROUNDS = 5  # of a report that changes all the time


@dataclass(frozen=True, slots=True)
class Manner:
    """Who orders it and why, how long to wait for each decision (seconds), and how to tell."""

    actor: str
    role: str
    reason: str
    timeout: float
    yes: bool
    dry_run: bool
    as_json: bool


def mended(settings: Settings, wanted: Wanted, manner: Manner) -> int:
    """Return 0 where the report is as its journal says, now or before; 1 where it is not."""
    contracts = contracts_for(settings)
    for number in range(ROUNDS):
        found = _examined(settings, contracts, wanted)
        if found.mismatch is None:
            _tell(manner, found, None)
            return 0
        if number == 0 and not manner.as_json:
            mismatches([found.mismatch])
        if manner.dry_run:
            _tell(manner, found, None)
            return 1
        _agreed(manner, found)
        entry = _ordered(settings, contracts, found, manner)
        if entry.rule is not Rule.CHANGED_SINCE:
            break
    _tell(manner, found, entry)
    return int(entry.outcome is not Outcome.APPLIED)


def _examined(settings: Settings, contracts: Contracts, wanted: Wanted) -> Examined:
    with bar("folding the journal") as progress:
        return examine(settings, contracts, wanted, progress)


def _agreed(manner: Manner, found: Examined) -> None:
    """Ask before a report is removed. Raises ConfigError where nobody agrees."""
    if found.repair.report is not None or manner.yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError(
            "the journal knows of no such report: it would be removed, and nobody is there to ask",
            setting="--yes",
            remedy="look with --dry-run, then say --yes",
        )
    if not typer.confirm("the journal knows of no such report: remove it?", err=True):
        raise ConfigError("not agreed, nothing was sent", setting="--yes")


def _ordered(settings: Settings, contracts: Contracts, found: Examined, manner: Manner) -> Entry:
    """Return the owner's decision. Raises RetriableError where none comes in time."""
    order = Command(
        product_id=found.wanted.product_id,
        command_id=str(uuid.uuid4()),
        verb=Verb.REPAIR,
        actor=manner.actor or user(),
        role=manner.role,
        reason=manner.reason,
        issued_at=now_ms(),
        report_id=found.wanted.report_id,
        repair=found.repair,
    )
    _raise_if_large(contracts.write_input(order)[1])
    with Asking(settings, contracts, "command", [order.product_id]) as asking:
        (told,) = asking.ask([order], manner.timeout)
    return _decision(told, manner)


def _raise_if_large(order: bytes) -> None:
    """Refuse an order that its owner would not read. Raises ConfigError."""
    most = MOST_BYTES["command"]
    if len(order) > most:
        raise ConfigError(
            f"the report takes {len(order)} bytes, an order may have {most}",
            setting="REPORT_ID",
            remedy="stop the workers: `qosresolve rebuild --in-place --product` mends it without an order",
        )


def _decision(told: Told, manner: Manner) -> Entry:
    if told.entry is None:
        raise RetriableError(
            f"no decision within {manner.timeout:g} s"
            "\n  remedy: the order is sent; is a worker running (`qosresolve run worker`)? Where it stops at "
            "this report, `qosresolve rebuild --in-place --product` mends it without one"
        )
    return told.entry


def _tell(manner: Manner, found: Examined, entry: Entry | None) -> None:
    if manner.as_json:
        dump(_told(manner, found, entry))
    elif found.mismatch is None:
        line(f"report {found.wanted.report_id} is as its journal says: nothing to do")
    elif entry is None:
        removal = found.repair.report is None
        line("would be removed; nothing was sent" if removal else "would be set to it; nothing was sent")
    elif entry.outcome is Outcome.APPLIED:
        line(f"report {found.wanted.report_id} is as its journal says again")
    else:
        line(f"{entry.outcome} by {entry.rule}: {entry.rule.meaning}")


def _told(manner: Manner, found: Examined, entry: Entry | None) -> dict[str, object]:
    return {
        "product_id": found.wanted.product_id,
        "report_id": found.wanted.report_id,
        "dry_run": manner.dry_run,
        "mismatch": None if found.mismatch is None else asdict(found.mismatch),
        "decision": None if entry is None else _decided(entry),
    }


def _decided(entry: Entry) -> dict[str, str]:
    return {"outcome": str(entry.outcome), "rule": str(entry.rule), "meaning": entry.rule.meaning}
