"""Every input is decided once, in the order in which it lay, and as what it is."""

from collections import Counter
from collections.abc import Iterator

from qosresolve.core.vocabulary import Outcome
from qosresolve.errors import PoisonRecordError
from tests.chaos.evidence import Violation
from tests.chaos.ledger import Ledger, place_of
from tests.kafka.harness import RECORDS


def once(ledger: Ledger) -> Iterator[Violation]:
    """Every record of every input has exactly one journal record, and every journal record its input."""
    taken = Counter(place_of(entry) for entry in ledger.journal)
    for place, count in taken.items():
        if count > 1:
            yield Violation("doubled", f"{place} has {count} journal records")
        if place not in ledger.inputs:
            yield Violation("invented", f"a journal record of {place}, where there is none")
    for place in ledger.inputs.keys() - taken.keys():
        yield Violation("lost", f"{place} has no journal record")


def in_order(ledger: Ledger) -> Iterator[Violation]:
    """Within one input's partition, records were taken in the order of their offsets, and lie beside them."""
    for number, entries in ledger.entries.items():
        last: dict[str, int] = {}
        for entry in entries:
            topic, partition, offset = place_of(entry)
            if partition != number:
                yield Violation("misplaced", f"{place_of(entry)} is in the journal of partition {number}")
            if offset <= last.get(topic, -2):
                yield Violation("reordered", f"{place_of(entry)} was taken after offset {last[topic]}")
            last[topic] = max(offset, last.get(topic, -2))


def named(ledger: Ledger) -> Iterator[Violation]:
    """A journal record names the event that lies at its place, and no time lies before what was held."""
    for entry in ledger.journal:
        record = ledger.inputs.get(place_of(entry))
        if record is None or entry.outcome is Outcome.DEAD_LETTER:
            continue
        try:
            body = RECORDS.read_input(
                ledger.evidence.names.topic(entry.cause.topic).record, record.value or b""
            )
        except PoisonRecordError as error:
            yield Violation("changed", f"{place_of(entry)} was taken as an input, and is none: {error}")
            continue
        if entry.cause.event_id != body.identity() or entry.product_id != body.product_id:
            yield Violation(
                "changed", f"{place_of(entry)} is {body.identity()}, the journal says {entry.cause.event_id}"
            )
    for entry in ledger.backwards:
        yield Violation("reordered", f"{place_of(entry)}: the time of {entry.product_id} goes back")
