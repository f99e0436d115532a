"""What must hold of everything that is committed to a partition, looked at as it comes."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qosresolve.core.facts import AlarmSettled, TargetBreached, ThresholdReached
from qosresolve.core.ids import ID_BYTES
from qosresolve.core.report import RING_SIZE
from qosresolve.core.vocabulary import Outcome
from qosresolve.kafka.murmur import murmur2
from qosresolve.topics import DEADLINE, INPUTS
from tests.kafka import checks
from tests.kafka.harness import RECORDS
from tests.simulation.ledger import lying_at, since
from tests.simulation.log import Record, State
from tests.simulation.violation import ViolationError, expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qosresolve.core.case import Case
    from qosresolve.core.facts import Entry
    from tests.simulation.ledger import Ledger, News, Told

SHELL = (Outcome.DEAD_LETTER, Outcome.FORWARDED, Outcome.CONTROL)
EARLIER = tuple(topic.name for topic in INPUTS if topic is not DEADLINE)


@dataclass(slots=True)
class Known:
    """What the checks of one partition remember from one look to the next."""

    rings: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)  # event ids by product and holder
    messages: set[str] = field(default_factory=set)  # request ids


def check(ledger: Ledger, known: Known, partitions: int, *, poison: set[tuple[str, int, int]]) -> None:
    """Take in what is new in a partition. Raises ViolationError."""
    before = dict(ledger.positions)
    taken = dict(ledger.taken)
    news = ledger.news()
    if not news:
        return
    causes(ledger, news)
    positions_are_the_journal(ledger, news, before)
    in_order(ledger, news, partitions, taken)
    known_events(news, known)
    never_early(news)
    requests_are_facts(news, known)
    dead_letters(ledger, news, poison)
    fold_is_stored(ledger, news)


def causes(ledger: Ledger, news: News) -> None:
    """Every entry names a record of this partition that is there, committed (4), and has its time."""
    for told in news.told:
        cause = told.entry.cause
        expect("8", cause.partition == ledger.number, f"{cause} is journaled on partition {ledger.number}")
        if cause.offset < 0:
            continue
        record = lying_at(ledger.log(cause.topic), cause.offset)
        if record is None or record.state is not State.COMMITTED:
            state = record.state.value if record else "not there"
            raise ViolationError("4", f"{cause} was taken, it is {state}")
        now = max(record.timestamp, told.before.last_now())
        expect("6", told.entry.now >= record.timestamp, f"{cause} was decided before it came")
        if told.entry.outcome not in SHELL:
            expect("6", told.entry.now == now, f"{cause} was decided at {told.entry.now}, not at {now}")


def positions_are_the_journal(ledger: Ledger, news: News, before: dict[str, int]) -> None:
    """Between two partition records lie exactly the journal's inputs (1, 3), each in its order (8)."""
    journaled: dict[str, list[int]] = defaultdict(list)
    for told in news.told:
        if told.entry.cause.offset >= 0:
            journaled[told.entry.cause.topic].append(told.entry.cause.offset)
    if news.state is None:
        expect("3", not journaled, f"inputs were journaled without a partition record: {dict(journaled)}")
        return
    after = {position.topic: position.next_offset for position in news.state.positions}
    for topic in after.keys() | journaled.keys():
        each_input_once(ledger, topic, before.get(topic, 0), after.get(topic, 0), journaled[topic])
        if journaled[topic]:
            ledger.taken[topic] = journaled[topic][-1]
    ledger.positions = after


def each_input_once(ledger: Ledger, topic: str, first: int, last: int, journaled: list[int]) -> None:
    """What lies from a position to the next was journaled, once, in order."""
    place = f"{topic} partition {ledger.number}"
    expect("5", first <= last, f"the position in {place} went from {first} back to {last}")
    doubled = [offset for offset, count in Counter(journaled).items() if count > 1]
    doubled += [offset for offset in journaled if offset <= ledger.taken.get(topic, -1)]
    expect("1", not doubled, f"taken more than once from {place}: {sorted(doubled)[:5]}")
    expect("8", journaled == sorted(journaled), f"taken out of order from {place}: {journaled[:9]}")
    outside = [offset for offset in journaled if not first <= offset < last]
    expect("3", not outside, f"{place}: {outside[:5]} journaled, the positions go from {first} to {last}")
    there = [record.offset for record in since(ledger.log(topic), first) if _taken(record, last)]
    lost = sorted(set(there) - set(journaled))
    expect("1", not lost, f"lost from {place}: {lost[:5]}, the positions go from {first} to {last}")


def _taken(record: Record, end: int) -> bool:
    return record.offset < end and record.state is State.COMMITTED


def in_order(ledger: Ledger, news: News, partitions: int, taken: dict[str, int]) -> None:
    """Nothing is stepped where its product does not belong (8); deadlines wait for the backlog (D1)."""
    for told in news.told:
        entry = told.entry
        if entry.cause.offset < 0:
            continue
        if entry.outcome not in SHELL and not entry.product_id.isdigit():  # digits: a command to a partition
            home = partition_of(entry.product_id, partitions)
            expect("8", home == ledger.number, f"{entry.cause} was stepped here, its partition is {home}")
            if entry.cause.topic == DEADLINE.name:
                behind_the_backlog(ledger, entry, taken)
        taken[entry.cause.topic] = entry.cause.offset


def partition_of(product: str, partitions: int) -> int:
    """Return where a product belongs."""
    return (murmur2(product.encode()) & 0x7FFFFFFF) % partitions


def behind_the_backlog(ledger: Ledger, entry: Entry, taken: dict[str, int]) -> None:
    """Whatever lay in the other inputs before a deadline came was decided before it."""
    deadline = lying_at(ledger.log(entry.cause.topic), entry.cause.offset)
    if deadline is None or not ledger.waits:
        return
    for topic in EARLIER:
        for record in since(ledger.log(topic), taken.get(topic, -1) + 1):
            if record.timestamp >= deadline.timestamp:
                break
            if record.state is State.COMMITTED:
                where = f"{topic} {ledger.number}/{record.offset}"
                raise ViolationError("D1", f"{entry.cause} was decided before {where}, which is older")


def known_events(news: News, known: Known) -> None:
    """An event that changed something changes nothing when it is sent again (1)."""
    for told in news.told:
        mark = told.entry.fingerprint[:ID_BYTES]
        if not told.entry.facts or told.entry.outcome in SHELL:
            continue
        product = told.entry.product_id
        if mark:
            for holder in _holders(told.before):
                ring = known.rings.get((product, holder), [])[-RING_SIZE:]
                expect("1", mark not in ring, f"{told.entry.cause} was applied before, under another offset")
        touched = {getattr(fact, "report_id", "") for fact in told.entry.facts}
        held = set(_holders(told.after))
        for holder in held & touched if mark else ():
            known.rings.setdefault((product, holder), []).append(mark)
        for gone in set(_holders(told.before)) - held:
            known.rings.pop((product, gone), None)


def _holders(case: Case) -> Iterator[str]:
    for report in case.reports:
        yield report.report_id
    if case.watch is not None:
        yield ""


def never_early(news: News) -> None:
    """Nothing is said to have passed before it passed (10), and a deadline raises the alarm's number."""
    for told in news.told:
        for fact in told.entry.facts:
            if isinstance(fact, TargetBreached | ThresholdReached):
                early = fact.due_at - told.entry.now
                expect("10", early <= 0, f"{type(fact).__name__} of {fact.report_id} {early} ms early")
        if told.entry.cause.topic == DEADLINE.name and told.entry.outcome is Outcome.APPLIED:
            _raised(told)


def _raised(told: Told) -> None:
    settled = next((fact for fact in told.entry.facts if isinstance(fact, AlarmSettled)), None)
    if settled is None:
        raise ViolationError("10", f"{told.entry.cause} settled nothing")
    before, after = _alarm(told.before, settled.report_id), _alarm(told.after, settled.report_id)
    raised = after is None or (before is not None and after > before)
    expect("10", raised, f"{told.entry.cause} left the alarm's number at {after}")


def _alarm(case: Case, holder: str) -> int | None:
    found = case.report(holder) if holder else case.watch
    return found.alarm if found is not None else None


def requests_are_facts(news: News, known: Known) -> None:
    """Every fact that asks somebody has its one request, every request its fact (2)."""
    sent = [RECORDS.read_request(name, record.body.value or b"").context for name, record in news.requests]
    again = [context.message_id for context in sent if context.message_id in known.messages]
    expect("2", not again, f"sent twice: {again[:3]}")
    known.messages.update(context.message_id for context in sent)
    try:
        checks.requests_are_facts(sent, [told.entry for told in news.told])
    except AssertionError as error:
        raise ViolationError("2", str(error)) from None


def dead_letters(ledger: Ledger, news: News, poison: set[tuple[str, int, int]]) -> None:
    """What cannot be taken, and nothing else (15), is a dead letter, once, with every byte (12)."""
    buried = [told.entry.cause for told in news.told if told.entry.outcome is Outcome.DEAD_LETTER]
    good = [at for at in buried if (at.topic, at.partition, at.offset) not in poison]
    expect("15", not good, f"dead letters of good records: {good[:3]}")
    spared = [
        told.entry.cause
        for told in news.told
        if (told.entry.cause.topic, ledger.number, told.entry.cause.offset) in poison
        and told.entry.outcome is not Outcome.DEAD_LETTER
    ]
    expect("12", not spared, f"poison that was taken: {spared[:3]}")
    letters = [_origin(record) for record in news.dead_letters]
    expect(
        "12",
        [(at.topic, at.partition, at.offset) for at in buried] == letters,
        f"journal says {buried[:5]}, the dead letters are {letters[:5]}",
    )
    for (topic, _, offset), letter in zip(letters, news.dead_letters, strict=True):
        record = lying_at(ledger.log(topic), offset)
        same = record is not None and (record.body.key, record.body.value) == (
            letter.body.key,
            letter.body.value,
        )
        expect("12", same, f"the dead letter of {topic} {ledger.number}/{offset} is not that record")


def _origin(letter: Record) -> tuple[str, int, int]:
    said = {name: (value or b"").decode() for name, value in letter.body.headers or ()}
    where = "__connect.errors."
    return said[f"{where}topic"], int(said[f"{where}partition"]), int(said[f"{where}offset"])


def fold_is_stored(ledger: Ledger, news: News) -> None:
    """The fold of the journal is what lies on report and watch topic, by value (6)."""
    for product in news.touched:
        case = ledger.cases.get(product)
        folded = {f"{product}/{report.report_id}": report for report in case.reports} if case else {}
        stored = {key: value for key, value in ledger.reports.items() if key.rpartition("/")[0] == product}
        expect(
            "6",
            folded.keys() == stored.keys(),
            f"{product}: the journal folds to {sorted(folded)}, the topic has {sorted(stored)}",
        )
        for key, report in folded.items():
            expect("6", RECORDS.read_report(stored[key]) == report, f"{key} is not the fold of its journal")
        watch = ledger.watches.get(product)
        kept = RECORDS.read_watch(watch) if watch is not None else None
        expect("6", kept == (case.watch if case else None), f"the watch of {product} is not the fold")


def group_offsets(ledger: Ledger, committed: dict[tuple[str, int], int], group: str) -> None:
    """The group is never beyond what was journaled (5)."""
    for topic, position in ledger.positions.items():
        at = committed.get((topic, ledger.number), -1)
        expect(
            "5", at <= position, f"{group} is at {at} of {topic} {ledger.number}, positions say {position}"
        )
