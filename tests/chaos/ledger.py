"""The journal, read once, and folded once: what every rule compares the other topics with."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from qosresolve.core import step
from qosresolve.core.case import Case
from qosresolve.core.facts import Entry
from qosresolve.core.fold import fold
from qosresolve.core.inputs import Deadline
from qosresolve.core.report import Report
from qosresolve.core.requests import Request
from qosresolve.core.vocabulary import Outcome
from qosresolve.core.watch import Watch
from qosresolve.topics import DEADLINE, INPUTS, JOURNAL, REPORT, WATCH, Topic
from tests.chaos.evidence import Evidence, Record
from tests.kafka.harness import RECORDS

InputPlace = tuple[str, int, int]
Key = tuple[int, str, str]  # partition, product, report; an empty report is the watch
State = Report | Watch


def place_of(entry: Entry) -> InputPlace:
    """Return where an entry's input lay."""
    return entry.cause.topic, entry.cause.partition, entry.cause.offset


@dataclass(frozen=True, slots=True)
class Rewind:
    """Where an operator set the group to, and when that was ordered, in ms."""

    ordered_at: int
    places: frozenset[InputPlace]


@dataclass
class Ledger:
    """The evidence, the journal's entries by partition, and what follows from them."""

    evidence: Evidence
    rewinds: list[Rewind] = field(default_factory=list)
    entries: dict[int, list[Entry]] = field(default_factory=dict)
    inputs: dict[InputPlace, Record] = field(default_factory=dict)
    requests: dict[int, list[Request]] = field(default_factory=dict)
    values: dict[Key, list[State | None]] = field(default_factory=dict)
    backwards: list[Entry] = field(default_factory=list)  # decided at a time before what was held then

    def __post_init__(self) -> None:
        names = self.evidence.names
        for topic in INPUTS:
            for record in self.evidence.of(topic):
                self.inputs[names.of(topic), record.partition, record.offset] = record
        for number, records in self.evidence.parts(JOURNAL).items():
            self.entries[number] = [RECORDS.read_entry(record.value or b"") for record in records]
            self.requests[number] = []
            self._fold(number)

    def _fold(self, number: int) -> None:
        """Fold a partition's journal; keep every value of each report and watch, and what each entry asks."""
        cases: dict[str, Case] = {}
        values: dict[Key, list[State | None]] = defaultdict(list)
        for entry in self.entries[number]:
            if entry.outcome is Outcome.DEAD_LETTER or not entry.facts:
                continue
            product = entry.product_id
            before = cases.get(product) or Case(product)
            if entry.now < before.last_now():
                self.backwards.append(entry)
            after = cases[product] = fold(before, entry)
            self.requests[number] += step._requests(before, after, entry)
            old, new = _states(before), _states(after)
            for report in old.keys() | new.keys():
                if old.get(report) is not new.get(report):
                    values[number, product, report].append(new.get(report))
        self.values |= values

    @property
    def journal(self) -> Iterator[Entry]:
        """Yield all entries but a partition's first activation of a policy, which has no input."""
        for entries in self.entries.values():
            yield from (entry for entry in entries if entry.cause.offset >= 0)

    @property
    def final(self) -> dict[Key, State]:
        """Return what the journal says that the report and watch topics hold."""
        return {key: values[-1] for key, values in self.values.items() if values[-1] is not None}

    def stored(self, topic: Topic) -> dict[Key, list[State | None]]:
        """Return every value that is left of each key of the report or the watch topic, oldest first."""
        found: dict[Key, list[State | None]] = defaultdict(list)
        for record in self.evidence.of(topic):
            product, report = _key(record, topic)
            value = record.value
            read = RECORDS.read_report if topic is REPORT else RECORDS.read_watch
            found[record.partition, product, report].append(None if value is None else read(value))
        return dict(found)

    def deadlines(self) -> Iterator[tuple[Entry, Deadline, Record]]:
        """Yield every deadline that was decided, with its record."""
        topic = self.evidence.names.of(DEADLINE)
        for entry in self.journal:
            record = self.inputs.get(place_of(entry))
            passed_on = entry.outcome in (Outcome.DEAD_LETTER, Outcome.FORWARDED)
            if entry.cause.topic == topic and record is not None and not passed_on:
                body = RECORDS.read_input(DEADLINE.record, record.value or b"")
                assert isinstance(body, Deadline)
                yield entry, body, record


def _states(case: Case) -> dict[str, State]:
    states: dict[str, State] = {report.report_id: report for report in case.reports}
    return states | ({"": case.watch} if case.watch is not None else {})


def _key(record: Record, topic: Topic) -> tuple[str, str]:
    key = (record.key or b"").decode()
    if topic is WATCH:
        return key, ""
    product, _, report = key.rpartition("/")
    return product, report
