"""How it is told what was done with letters, or would be."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qosresolve.cli.output import console, dump_lines, line, table
from qosresolve.core.facts import Entry
from qosresolve.core.vocabulary import Outcome
from qosresolve.replay.dead.letters import Letter, Spot
from qosresolve.replay.dead.plan import Row

SHOWN = 50  # letters that a person is shown
_PART = 80  # characters of an error in a table


@dataclass(frozen=True, slots=True)
class Told:
    """A row, where its record lies now if it was sent, and the worker's decision if one was waited for."""

    row: Row
    to: Spot | None = None
    entry: Entry | None = None


def died(told: Told) -> bool:
    """Tell whether a redriven record was buried again."""
    return told.entry is not None and told.entry.outcome is Outcome.DEAD_LETTER


def show(told: Sequence[Told], *, dry_run: bool, as_json: bool) -> None:
    """Tell of each letter, and how many there are of each kind."""
    if as_json:
        dump_lines(_json(each, dry_run=dry_run) for each in told)
        return
    for each in told[:SHOWN]:
        _person(each, dry_run=dry_run)
    if len(told) > SHOWN:
        line(f"and {len(told) - SHOWN} more; --json tells of each")
    line(_counts(told, dry_run=dry_run))


def _json(told: Told, *, dry_run: bool) -> dict[str, Any]:
    row, letter, tried = told.row, told.row.letter, told.row.tried
    question = row.question
    return {
        "id": str(letter.id),
        "dry_run": dry_run,
        "verdict": str(row.verdict),
        "redriven": told.to is not None,
        "topic": letter.spot.topic,
        "partition": letter.spot.partition,
        "offset": letter.spot.offset,
        "first": str(row.first),
        "product": letter.product,
        "stage": letter.stage,
        "error": letter.error,
        "attempt": row.attempt,
        "why": row.why,
        "remedy": row.remedy,
        "later": [_entry(entry) for entry in question.found] if question else [],
        "later_count": question.count if question else 0,
        "trial": None
        if tried is None
        else {
            "error": tried.error,
            "untried": tried.untried,
            "decision": None if tried.entry is None else _entry(tried.entry),
        },
        "to": str(told.to) if told.to else f"{letter.spot.topic}/{row.partition}" if row.goes else None,
        "decision": None if told.entry is None else _entry(told.entry),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    cause = entry.cause
    return {
        "cause": f"{cause.topic}/{cause.partition}/{cause.offset}",
        "at": entry.now,
        "outcome": str(entry.outcome),
        "rule": str(entry.rule),
        "facts": [type(fact).__name__ for fact in entry.facts],
    }


def _person(told: Told, *, dry_run: bool) -> None:
    row, letter = told.row, told.row.letter
    what = f"{letter.id}  {letter.spot}  {letter.product[:60]}"
    if not row.goes:
        line(f"{what}: stays ({row.verdict}): {row.why}")
        if row.remedy:
            line(f"    {row.remedy}")
        return
    verb = "would be redriven" if dry_run else "redriven" if told.to else "not sent"
    line(f"{what}: {verb} to {told.to or f'{letter.spot.topic}/{row.partition}'}, attempt {row.attempt}")
    entry = told.entry if told.entry is not None else row.tried and dry_run and row.tried.entry
    if entry:
        line(f"    {_said(entry)}")
    elif row.tried is not None and dry_run and (row.tried.error or row.tried.untried):
        line(f"    {row.tried.error or row.tried.untried}")


def _said(entry: Entry) -> str:
    facts = ", ".join(type(fact).__name__ for fact in entry.facts) or "no facts"
    return f"{entry.outcome}{' by rule ' + entry.rule if entry.rule else ''}: {facts}"


def _counts(told: Sequence[Told], *, dry_run: bool) -> str:
    if not told:
        return "no open dead letters of that kind; look with `qosresolve dead-letters list`"
    stay = Counter(str(each.row.verdict) for each in told if not each.row.goes)
    sent = sum(each.to is not None for each in told)
    going = sum(each.row.goes for each in told)
    parts = [f"{going} would be redriven" if dry_run else f"{sent} redriven"]
    if not dry_run and sent < going:
        parts.append(f"{going - sent} not sent")
    parts += [f"{count} stay ({verdict})" for verdict, count in stay.most_common()]
    again = sum(map(died, told))
    if again:
        parts.append(f"{again} died again")
    return ", ".join(parts)


def discarded(wanted: Sequence[Letter], decided: Sequence[Letter], *, dry_run: bool, as_json: bool) -> None:
    """Tell which letters were discarded, or would be, and which were decided about before."""
    if as_json:
        rows = [(each, True) for each in wanted] + [(each, False) for each in decided]
        dump_lines(
            {"id": str(each.id), "dry_run": dry_run, "discarded": yes and not dry_run, "resolved": not yes}
            for each, yes in rows
        )
        return
    verb = "would be discarded" if dry_run else "discarded"
    for each in wanted[:SHOWN]:
        line(f"{each.id}  {each.spot.topic}  {each.product[:60]}: {verb}")
    for each in decided[:SHOWN]:
        line(f"{each.id}: decided about already; look with `qosresolve dead-letters show {each.id}`")
    line(f"{len(wanted)} {verb}, {len(decided)} decided about already")


def preview(verb: str, letters: Sequence[Letter]) -> None:
    """Show, beside the output, which letters are about to be decided about."""
    rows = [
        (str(each.id), f"{each.spot}", each.product[:40], each.stage, each.error[:_PART])
        for each in letters[:SHOWN]
    ]
    columns = ("id", "lay at", "key", "stage", "error")
    console(stderr=True).print(table(f"{verb}:", columns, rows))
    if len(letters) > SHOWN:
        console(stderr=True).print(f"and {len(letters) - SHOWN} more")
