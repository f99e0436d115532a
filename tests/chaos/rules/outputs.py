"""What goes out follows from the journal: every request, every dead letter, every forwarded record, once."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import zip_longest

from qosresolve.core.requests import Request
from qosresolve.core.vocabulary import Outcome
from qosresolve.kafka.dead_letters import PREFIX
from qosresolve.kafka.staging import FORWARDED_FROM
from qosresolve.topics import DEAD_LETTERS, INPUTS, REQUESTS
from tests.chaos.evidence import Record, Violation
from tests.chaos.ledger import InputPlace, Ledger, place_of
from tests.kafka.harness import RECORDS


def requests(ledger: Ledger) -> Iterator[Violation]:
    """Each topic has, partition by partition, exactly the requests that the journal's facts are, in order."""
    for topic in REQUESTS:
        for number, records in ledger.evidence.parts(topic).items():
            sent = [RECORDS.read_request(topic.record, record.value or b"") for record in records]
            due = [item for item in ledger.requests[number] if _is(item, topic.record)]
            yield from _compared(f"{topic.name} {number}", due, sent)


def _is(request: Request, record: str) -> bool:
    from qosresolve.contracts.records import REQUESTS as CLASSES  # noqa: PLC0415 - another thing of that name

    return isinstance(request, CLASSES[record])


def _compared(where: str, due: list[Request], sent: list[Request]) -> Iterator[Violation]:
    wanted = Counter(item.context.message_id for item in due)
    found = Counter(item.context.message_id for item in sent)
    for message, count in (wanted - found).items():
        yield Violation("lost", f"{where}: {count} of request {message} missing, which a fact asks for")
    for message, count in (found - wanted).items():
        yield Violation("doubled", f"{where}: {count} of request {message} too many")
    if wanted != found:
        return
    for asked, told in zip_longest(due, sent):
        if asked.context.message_id != told.context.message_id:
            yield Violation("reordered", f"{where}: {told.context.message_id} out of order")
            return
        if asked != told:
            yield Violation("changed", f"{where}: request {told.context.message_id} is not as the facts say")


def dead_letters(ledger: Ledger) -> Iterator[Violation]:
    """Every input that was buried lies, byte by byte, on the dead-letter topic, once; and nothing else."""
    buried = {place_of(entry) for entry in ledger.journal if entry.outcome is Outcome.DEAD_LETTER}
    letters: dict[InputPlace, list[Record]] = defaultdict(list)
    for record in ledger.evidence.of(DEAD_LETTERS):
        letters[_origin(record)].append(record)
    for place in buried - letters.keys():
        yield Violation("lost", f"{place} has no dead letter")
    for place, found in letters.items():
        if place not in buried:
            yield Violation("invented", f"a dead letter of {place}, which was not buried")
        elif len(found) > 1:
            yield Violation("doubled", f"{place} has {len(found)} dead letters")
        original = ledger.inputs.get(place)
        if original is not None and not all(_same(original, letter) for letter in found):
            yield Violation("changed", f"the dead letter of {place} is not byte by byte what lay there")


def _origin(letter: Record) -> InputPlace:
    topic, number, offset = (
        (letter.header(PREFIX + name) or b"").decode() for name in ("topic", "partition", "offset")
    )
    return topic, int(number or -1), int(offset or -1)


def _same(original: Record, letter: Record) -> bool:
    headers = letter.headers[: len(original.headers)]
    return (original.key, original.value, original.headers) == (letter.key, letter.value, headers)


def forwarded(ledger: Ledger) -> Iterator[Violation]:
    """What lay on a wrong partition lies on its own, with the same bytes, once."""
    names = ledger.evidence.names
    sent_on = {place_of(entry) for entry in ledger.journal if entry.outcome is Outcome.FORWARDED}
    found: Counter[InputPlace] = Counter()
    for topic in INPUTS:
        for record in ledger.evidence.of(topic):
            said = record.header(FORWARDED_FROM)
            if said is None:
                continue
            name, number, offset = said.decode().rsplit("/", 2)
            place = (name, int(number), int(offset))
            found[place] += 1
            original = ledger.inputs.get(place)
            if original is None or original.value != record.value or name != names.of(topic):
                yield Violation("changed", f"{place} is not what was forwarded of it")
    for place in sent_on - found.keys():
        yield Violation("lost", f"{place} was to be forwarded, and was not")
    for place, count in found.items():
        if count > 1 or place not in sent_on:
            yield Violation("doubled", f"{place} was forwarded {count} times, {place in sent_on:d} decided")
