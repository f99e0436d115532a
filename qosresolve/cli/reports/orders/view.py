"""What became of an order, or would: a table and the rules behind it, or a JSON line each."""

from collections import Counter
from collections.abc import Iterable, Sequence

from qosresolve.cli.output import console, dump_lines, line, table
from qosresolve.cli.reports.orders.asked import Decision
from qosresolve.cli.reports.orders.order import Order
from qosresolve.cli.reports.words import tell
from qosresolve.core.facts import Entry, ReportOpened
from qosresolve.core.requests import EscalationNotice, Request
from qosresolve.core.vocabulary import Outcome

_WORDS = {Outcome.NO_OP: "no-op", Outcome.DEAD_LETTER: "dead letter"}
_UNDECIDED = "undecided"
_WITHHELD = "not given"


def show(order: Order, decisions: Sequence[Decision]) -> None:
    """Show every decision, and what the rules mean."""
    would = order.manner.dry_run
    if order.manner.as_json:
        dump_lines(told(decision, would=would) for decision in decisions)
    elif decisions:
        console().print(table("", _columns(order), [_row(order, decision) for decision in decisions]))
        for text in (*_rules(decisions), _sum(decisions, would=would)):
            line(text)
    else:
        line("no report is meant: nothing to do")


def told(decision: Decision, *, would: bool) -> dict[str, object]:
    """Return a decision as JSON: `outcome` is null where none came in time, or the command was not given."""
    command, entry = decision.command, decision.entry
    sent = (
        {}
        if would or not decision.given
        else dict(zip(("topic", "partition", "offset"), decision.where, strict=True))
    )
    return {
        "would": would,
        "product_id": command.product_id,
        "report_id": _report(decision, would=would),
        "command_id": command.command_id,
        "verb": str(command.verb),
        "given": decision.given,
        "field": command.field,
        "outcome": str(entry.outcome) if entry else None,
        "rule": str(entry.rule) if entry else "",
        "meaning": entry.rule.meaning if entry else "",
        "facts": _names(entry),
        "words": [tell(fact) for fact in entry.facts] if entry else [],
        "requests": [request_words(item) for item in decision.requests],
        **sent,
    }


def request_words(request: Request) -> str:
    """Return what would go out to whom, in short."""
    kind = type(request).__name__
    if isinstance(request, EscalationNotice):
        action = "raise" if request.raised else "end"
        return f"{kind}: {action} level {request.level} {request.target}".rstrip()
    whom = (getattr(request, name, "") for name in ("contact", "owner", "service_id"))
    return f"{kind}: {request.action} {next(filter(None, whom), '')}".rstrip()


def _report(decision: Decision, *, would: bool) -> str:
    """Return the report that was ordered, or that came of the order; one that would be opened has no id."""
    facts = decision.entry.facts if decision.entry else ()
    if would and any(isinstance(fact, ReportOpened) for fact in facts):
        return ""
    about = (getattr(fact, "report_id", "") for fact in facts)
    return decision.command.report_id or next(filter(None, about), "")


def _names(entry: Entry | None) -> list[str]:
    return [type(fact).__name__ for fact in entry.facts] if entry else []


def _columns(order: Order) -> tuple[str, ...]:
    would = ("would send",) if order.manner.dry_run else ()
    return ("product", "report", "order", "outcome", "rule", "what happened", *would)


def _row(order: Order, decision: Decision) -> tuple[str, ...]:
    command, entry = decision.command, decision.entry
    would = order.manner.dry_run
    return (
        command.product_id,
        _report(decision, would=would) or "-",
        f"{command.verb} {command.field}".rstrip(),
        _outcome(decision, would=would),
        entry.rule or "-" if entry else "-",
        _counted(_names(entry)),
        *((_counted([request_words(item) for item in decision.requests]),) if would else ()),
    )


def _outcome(decision: Decision, *, would: bool) -> str:
    if decision.entry is None:
        return _UNDECIDED if decision.given else _WITHHELD
    outcome = decision.entry.outcome
    word = _WORDS.get(outcome, str(outcome))
    return f"would be {word}" if would else word


def _counted(names: Iterable[str]) -> str:
    counts = Counter(names)
    return ", ".join(name if count == 1 else f"{name} x{count}" for name, count in counts.items()) or "-"


def _rules(decisions: Sequence[Decision]) -> Iterable[str]:
    """Yield a line for each rule that spoke, with what it means."""
    spoken = Counter(
        (item.entry.outcome, item.entry.rule) for item in decisions if item.entry and item.entry.rule
    )
    for (outcome, rule), count in spoken.items():
        yield f"{_WORDS.get(outcome, outcome)} by {rule} ({count}): {rule.meaning}"


def _sum(decisions: Sequence[Decision], *, would: bool) -> str:
    counts = Counter(_outcome(item, would=False) for item in decisions)
    words = ", ".join(f"{count} {word}" for word, count in counts.items())
    return f"would be: {words}; nothing was sent" if would else words
