"""What the history of a run tells, beside what the topics hold: acknowledgements, processes, witnesses."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome
from qosresolve.errors import PoisonRecordError
from tests.chaos.evidence import Violation
from tests.chaos.history import Event
from tests.chaos.ledger import InputPlace, Ledger, place_of
from tests.chaos.supervisor import RESTARTED
from tests.kafka.harness import RECORDS

KILLED, TERMINATED = -9, -15


def acknowledged(ledger: Ledger, events: list[Event]) -> Iterator[Violation]:
    """Every input that a broker acknowledged lies where it said, and is what was sent."""
    for topic, partition, offset, identity in sent(events):
        place: InputPlace = (topic, partition, offset)
        record = ledger.inputs.get(place)
        if record is None:
            yield Violation("lost", f"{place} was acknowledged as {identity!r} and does not lie there")
        elif identity and _identity(ledger, topic, record.value) != identity:
            yield Violation("changed", f"{place} was acknowledged as {identity!r} and is something else")


def believed(ledger: Ledger, events: list[Event]) -> Iterator[Violation]:
    """What was sent as an input is taken as one, and what was sent as garbage is buried: none is accused.

    A report that would outgrow its cap is the one reason to bury a good input.
    """
    fates = {place_of(entry): entry for entry in ledger.journal}
    for topic, partition, offset, identity in sent(events):
        entry = fates.get((topic, partition, offset))
        if entry is None or entry.rule is Rule.TOO_LARGE:
            continue
        if (entry.outcome is Outcome.DEAD_LETTER) is bool(identity):
            what = identity or "garbage"
            yield Violation("accused", f"{place_of(entry)}, sent as {what}, ended as {entry.outcome}")


def sent(events: list[Event]) -> Iterator[tuple[str, int, int, str]]:
    """Yield (topic, partition, offset, identity) of every acknowledged input."""
    for event in events:
        if event.kind == "acknowledged":
            yield from (tuple(each) for each in event["inputs"])


def _identity(ledger: Ledger, topic: str, value: bytes | None) -> str:
    try:
        return RECORDS.read_input(ledger.evidence.names.topic(topic).record, value or b"").identity()
    except PoisonRecordError:
        return ""


@dataclass
class Lived:
    """What is known of one process: what it was sent, whether it ever held a partition, and gave them up."""

    terminated: int = 0
    killed: bool = False
    joined: bool = False
    ending: bool = False  # gave its partitions up before it was sent anything

    @property
    def deaf(self) -> bool:
        """Tell whether it may not have listened for signals: not yet, or no more."""
        return not self.joined or self.ending


def processes(events: list[Event]) -> Iterator[Violation]:
    """Every process ended by a signal of ours, as asked, or with a status that a supervisor may restart."""
    lives: dict[int, Lived] = defaultdict(Lived)
    for event in events:
        if event.get("pid") is not None:
            _note(lives[event["pid"]], event)
        if event.kind == "exit":
            what = _wrong(event["code"], lives[event["pid"]])
            if what:
                yield Violation("broken", f"{event['name']} ({event['pid']}) {what}")
        elif event.kind in ("overdue", "broken"):
            yield Violation("broken", f"{event['name']}: {event['what']}")


def _note(lived: Lived, event: Event) -> None:
    sent = event.get("signal")
    lived.terminated += sent == "SIGTERM"
    lived.killed |= sent == "SIGKILL"
    lived.joined |= event.kind == "assigned"
    if event.kind in ("assigned", "given-up") and not lived.terminated:
        lived.ending = event.kind == "given-up"


def _wrong(code: int, lived: Lived) -> str:
    if code == KILLED:
        return "" if lived.killed else "was killed, and not by us"
    if code == 0:
        return "" if lived.terminated else "ended by itself, as if it had been asked to"
    if code == TERMINATED and (lived.terminated > 1 or (lived.deaf and lived.terminated)):
        return ""  # asked twice, or before it listened for signals, or when it was about to end anyway
    return "" if code in RESTARTED else f"ended with {code}"


def witnesses(events: list[Event]) -> Iterator[Violation]:
    """Who watched from outside agrees: the auditor, and the director's own waiting."""
    for event in events:
        if event.kind == "auditor" and (event["differing"] or not event["asked"]):
            yield Violation("torn", f"{event['name']} counts {event['differing']:.0f} records that differ")
        elif event.kind == "audit":
            yield Violation("torn", f"{event['name']}: {event['what'][-500:]}")
        elif event.kind == "crashed":
            yield Violation("broken", f"{event['name']} raised what nobody expected: {event['what'][-800:]}")
        elif event.kind == "not-drained":
            yield Violation(
                "stuck", f"not in order {event['seconds']:.0f} s after the last fault: {event['what']}"
            )


def tools(events: list[Event]) -> Iterator[Violation]:
    """`qosresolve verify` and `replay` agree, each asked once or more."""
    for tool in ("verify", "replay"):
        asked = [event for event in events if event.kind == tool]
        if not asked:
            yield Violation("broken", f"qosresolve {tool} was not asked")
        for event in asked:
            if event["code"] != 0:
                yield Violation(
                    "torn", f"qosresolve {tool} ended with {event['code']}: {event['said'][-500:]}"
                )
            elif event.get("unequal"):
                yield Violation("torn", f"the replay's journal differs in {event['unequal']} entries")
