"""What must hold of the topics after any fault: nothing lost, doubled, torn or reordered.

The rules work on plain lists, so that a real broker's topics and a model's are judged by the same ones.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from qosresolve.core.case import Case
from qosresolve.core.facts import (
    Entry,
    EscalationEnded,
    EscalationRaised,
    InformationGiven,
    ObligationChased,
    ObligationRequested,
    ObligationUpdated,
    ResolutionRefused,
    WithdrawalRequested,
)
from qosresolve.core.fold import fold
from qosresolve.core.ids import message_id
from qosresolve.core.inputs import Cause
from qosresolve.core.requests import Context
from qosresolve.core.vocabulary import Outcome
from qosresolve.topics import INPUTS, REQUESTS
from tests.kafka.harness import RECORDS, World, offsets_of

Place = tuple[str, int | None, int | None]

# What a fact that asks somebody says: of what, which action, and why. The same words go out once an input.
_WORDS: dict[type[Any], Callable[[Any], tuple[str, str, str]]] = {
    ObligationRequested: lambda fact: (fact.obligation_id, "request", "plan"),
    ObligationChased: lambda fact: (fact.obligation_id, "remind", fact.reason),
    ObligationUpdated: lambda fact: (fact.obligation_id, "update", fact.reason),
    WithdrawalRequested: lambda fact: (fact.obligation_id, "cancel", fact.reason),
    ResolutionRefused: lambda fact: (fact.obligation_id, "refuse", fact.evidence),
    InformationGiven: lambda fact: (fact.obligation_id, "answer", fact.reply),
    EscalationRaised: lambda fact: (fact.escalation_id, "raise", fact.reason),
    EscalationEnded: lambda fact: (fact.escalation_id, "end", fact.reason),
}


# -- the rules


def each_once(sent: set[Place], entries: Iterable[Entry]) -> None:
    """Every record of every input has exactly one journal record."""
    taken: Counter[Place] = Counter(offsets_of(entries))
    doubled = [place for place, count in taken.items() if count > 1]
    assert not doubled, f"taken more than once: {doubled[:5]}"
    assert sent == set(taken), f"lost: {sorted(map(str, sent - set(taken)))[:5]}"


def in_order(entries: Iterable[Entry]) -> None:
    """Within one input's partition, records were taken in the order of their offsets."""
    last: dict[tuple[str, int], int] = {}
    for entry in entries:
        place = (entry.cause.topic, entry.cause.partition)
        assert entry.cause.offset > last.get(place, -1), f"reordered at {entry.cause}"
        last[place] = entry.cause.offset


def requests_are_facts(sent: Iterable[Context], entries: Iterable[Entry]) -> None:
    """Every fact that asks somebody has its one request, and every request its fact."""
    asked = {name: entry.cause for entry in entries for name in asked_by(entry)}
    ids = Counter(context.message_id for context in sent)
    doubled = [name for name, count in ids.items() if count > 1]
    assert not doubled, f"sent more than once: {doubled[:5]}"
    missing = [cause for name, cause in asked.items() if name not in ids]
    assert not missing, f"facts without their requests: {missing[:5]}"
    assert not ids.keys() - asked.keys(), f"requests without a fact: {sorted(ids.keys() - asked.keys())[:5]}"


def asked_by(entry: Entry) -> set[str]:
    """Return the ids of the messages that have to go out for an entry."""
    told = (_WORDS[type(fact)](fact) for fact in entry.facts if type(fact) in _WORDS)
    return {_id(words, entry.cause) for words in told}


def _id(words: tuple[str, str, str], cause: Cause) -> str:
    subject, action, reason = words
    return message_id(subject, action, reason, cause.topic, cause.partition, cause.offset)


def folded(entries: Iterable[Entry]) -> dict[str, Case]:
    """Return the cases that a journal folds to."""
    cases: dict[str, Case] = {}
    for entry in entries:
        if entry.outcome is not Outcome.DEAD_LETTER:
            case = cases.get(entry.product_id, Case(entry.product_id))
            cases[entry.product_id] = fold(case, entry)
    return cases


# -- on a real broker


def check_all(world: World) -> list[Entry]:
    """Assert every invariant; return the journal."""
    entries = world.journal()
    check_each_input_once(world, entries)
    check_order(entries)
    check_requests(world, entries)
    check_fold(world, entries)
    return entries


def check_each_input_once(world: World, entries: list[Entry]) -> None:
    """Every record of every input has exactly one journal record."""
    sent: set[Place] = {
        (world.names.of(topic), message.partition(), message.offset())
        for topic in INPUTS
        for message in world.messages(topic)
    }
    each_once(sent, entries)


def check_order(entries: list[Entry]) -> None:
    """Within one input's partition, records were taken in the order of their offsets."""
    in_order(entries)


def check_requests(world: World, entries: list[Entry]) -> None:
    """Every fact that asks somebody has its one request, and every request its fact."""
    sent = [
        RECORDS.read_request(topic.record, message.value() or b"").context
        for topic in REQUESTS
        for message in world.messages(topic)
    ]
    requests_are_facts(sent, entries)


def check_fold(world: World, entries: list[Entry]) -> None:
    """The fold of the journal is the report topic, by value."""
    reports = {report.report_id: report for case in folded(entries).values() for report in case.reports}
    stored = {report.report_id: report for report in world.reports().values()}
    assert reports == stored
