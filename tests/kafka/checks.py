"""What must hold of the topics after any fault: nothing lost, doubled, torn or reordered."""

from collections import Counter

from qosresolve.core.case import Case
from qosresolve.core.facts import (
    Entry,
    EscalationEnded,
    EscalationRaised,
    ObligationChased,
    ObligationRequested,
    ObligationUpdated,
    WithdrawalRequested,
)
from qosresolve.core.fold import fold
from qosresolve.core.vocabulary import Outcome
from qosresolve.topics import INPUTS, REQUESTS
from tests.kafka.harness import RECORDS, World, offsets_of

ASKING = (
    ObligationRequested,
    ObligationChased,
    ObligationUpdated,
    WithdrawalRequested,
    EscalationRaised,
    EscalationEnded,
)


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
    taken = Counter(offsets_of(entries))
    doubled = [place for place, count in taken.items() if count > 1]
    assert not doubled, f"taken more than once: {doubled[:5]}"
    sent = {
        (world.names.of(topic), message.partition(), message.offset())
        for topic in INPUTS
        for message in world.messages(topic)
    }
    assert sent == set(taken), f"lost: {sorted(sent - set(taken))[:5]}"


def check_order(entries: list[Entry]) -> None:
    """Within one input's partition, records were taken in the order of their offsets."""
    last: dict[tuple[str, int], int] = {}
    for entry in entries:
        place = (entry.cause.topic, entry.cause.partition)
        assert entry.cause.offset > last.get(place, -1), f"reordered at {entry.cause}"
        last[place] = entry.cause.offset


def check_requests(world: World, entries: list[Entry]) -> None:
    """Every fact that asks somebody has its one request, and every request its fact."""
    asked = Counter(
        offsets_of([entry])[0] for entry in entries for fact in entry.facts if isinstance(fact, ASKING)
    )
    sent: Counter[tuple[str, int, int]] = Counter()
    ids: Counter[str] = Counter()
    for topic in REQUESTS:
        for message in world.messages(topic):
            context = RECORDS.read_request(topic.record, message.value() or b"").context
            sent[context.cause.topic, context.cause.partition, context.cause.offset] += 1
            ids[context.message_id] += 1
    assert sent == asked
    doubled = [message_id for message_id, count in ids.items() if count > 1]
    assert not doubled, f"sent more than once: {doubled[:5]}"


def check_fold(world: World, entries: list[Entry]) -> None:
    """The fold of the journal is the report topic, by value."""
    cases: dict[str, Case] = {}
    for entry in entries:
        if entry.outcome is not Outcome.DEAD_LETTER:
            case = cases.get(entry.product_id, Case(entry.product_id))
            cases[entry.product_id] = fold(case, entry)
    folded = {report.report_id: report for case in cases.values() for report in case.reports}
    stored = {report.report_id: report for report in world.reports().values()}
    assert folded == stored
