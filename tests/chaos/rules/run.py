"""What the history of a run tells, beside what the topics hold: acknowledgements, processes, witnesses."""

from collections import Counter
from collections.abc import Iterator

from qosresolve.errors import PoisonRecordError
from tests.chaos.evidence import Violation
from tests.chaos.history import Event
from tests.chaos.ledger import InputPlace, Ledger
from tests.chaos.supervisor import RESTARTED
from tests.kafka.harness import RECORDS

KILLED, TERMINATED = -9, -15
STARTED_S = 5.0


def acknowledged(ledger: Ledger, events: list[Event]) -> Iterator[Violation]:
    """Every input that a broker acknowledged lies where it said, and is what was sent."""
    for topic, partition, offset, identity in sent(events):
        place: InputPlace = (topic, partition, offset)
        record = ledger.inputs.get(place)
        if record is None:
            yield Violation("lost", f"{place} was acknowledged as {identity!r} and does not lie there")
        elif identity and _identity(ledger, topic, record.value) != identity:
            yield Violation("changed", f"{place} was acknowledged as {identity!r} and is something else")


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


def processes(events: list[Event]) -> Iterator[Violation]:
    """Every process ended by a signal of ours, as asked, or with a status that a supervisor may restart."""
    asked: Counter[int] = Counter()
    killed: Counter[int] = Counter()
    for event in events:
        if event.kind in ("signal", "point"):
            asked[event["pid"]] += event["signal"] == "SIGTERM"
            killed[event["pid"]] += event["signal"] == "SIGKILL"
        elif event.kind == "exit":
            yield from _exit(event, asked, killed)
        elif event.kind in ("overdue", "broken"):
            yield Violation("broken", f"{event['name']}: {event['what']}")


def _exit(event: Event, asked: Counter[int], killed: Counter[int]) -> Iterator[Violation]:
    code, pid, name = event["code"], event["pid"], event["name"]
    if code == TERMINATED and event["lived"] < STARTED_S:
        return  # SIGTERM found it before it listened for signals
    if code == KILLED and not killed[pid]:
        yield Violation("broken", f"{name} ({pid}) was killed, and not by us")
    elif code == 0 and not asked[pid]:
        yield Violation("broken", f"{name} ({pid}) ended by itself, as if it had been asked to")
    elif code not in (0, KILLED, *RESTARTED):
        yield Violation("broken", f"{name} ({pid}) ended with {code}")


def witnesses(events: list[Event]) -> Iterator[Violation]:
    """Who watched from outside agrees: `qosresolve verify`, the auditor, the director's own waiting."""
    for event in events:
        if event.kind == "verify" and event["code"] != 0:
            yield Violation("torn", f"qosresolve verify ended with {event['code']}: {event['said'][-500:]}")
        elif event.kind == "auditor" and event["mismatches"]:
            yield Violation("torn", f"the auditor counts {event['mismatches']} mismatches")
        elif event.kind == "crashed":
            yield Violation("broken", f"{event['name']} raised what nobody expected: {event['what'][-800:]}")
        elif event.kind == "not-drained":
            yield Violation(
                "stuck", f"not in order {event['seconds']:.0f} s after the last fault: {event['what']}"
            )
    if not any(event.kind == "verify" for event in events):
        yield Violation("broken", "qosresolve verify was not asked")
