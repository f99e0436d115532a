"""The end of a run: heal everything, wait until all is in order, end every process as an operator would.

In order means: every process says it is ready, no input lies unread, no transaction is open, no alarm is
overdue. All of it within a bound, or the run has failed.
"""

import json
import re
import signal
import time

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from qosresolve.contracts import headers as head
from qosresolve.errors import QosResolveError
from qosresolve.kafka import clients
from qosresolve.kafka.reading import read_all
from qosresolve.topics import REPORT, WATCH
from tests.chaos.evidence import End, Place, ends_of
from tests.chaos.field import Field
from tests.chaos.supervisor import stop_all
from tests.kafka.harness import wall_ms

LOOK_S = 0.5
OVERDUE_MS = 3_000
READ_S = 10.0


def heal(field: Field) -> None:
    """End every fault that may still be there."""
    field.history.note("phase", phase="heal")
    field.cluster.heal()
    if field.disk is not None:
        field.disk.clear()
    for place in list(field.supervisor.places.values()):
        place.order.unlink(missing_ok=True)
        if place.frozen:
            field.supervisor.send(place, signal.SIGCONT)
        if place.wanted and place.name.startswith("worker-x"):
            field.supervisor.remove(place.name)


def drain(field: Field, *, seconds: float) -> None:
    """Wait until all is in order, twice: with timers, and, once they have ended, without."""
    began = time.monotonic()
    field.history.note("phase", phase="drain")
    _await(field, began + seconds, timers=True)
    quiet = wall_ms()
    field.history.note("quiet", at=quiet)
    stop_all(field.supervisor, field.supervisor.of("timer"))
    _await(field, began + seconds + 30, timers=False)
    field.history.note("drained", seconds=round(time.monotonic() - began, 1))


def _await(field: Field, until: float, *, timers: bool) -> None:
    began = time.monotonic()
    while wrong := _wrong(field, timers=timers):
        if time.monotonic() > until:
            field.history.note("not-drained", seconds=round(time.monotonic() - began, 1), what=wrong)
            return
        time.sleep(LOOK_S)


def _wrong(field: Field, *, timers: bool) -> str:
    """Return the first thing that is not in order; nothing when all is."""
    unready = [
        place.name for place in list(field.supervisor.places.values()) if place.wanted and not place.ready
    ]
    if unready:
        return f"not ready: {', '.join(unready)}"
    try:
        found = ends_of(field.settings)
        moving = [f"{end.topic} {end.partition}" for end in found if end.stable != end.last]
        if moving:
            return f"transactions are open on {', '.join(moving[:5])}"
        unread = _unread(field, found)
        if unread:
            return f"unread: {unread}"
        overdue = _overdue(field) if timers else 0
        return f"{overdue} alarms are overdue" if overdue else ""
    except (QosResolveError, KafkaException) as error:
        return str(error)


def _unread(field: Field, found: list[End]) -> str:
    """Return where a record lies behind the group's offset; the log may end in markers, which are none."""
    last = {(end.topic, end.partition): end.last for end in found}
    inputs = [place for place in last if place[0] in field.names.inputs]
    consumer = clients.reader(field.settings)
    try:
        committed = consumer.committed([TopicPartition(*place) for place in inputs], timeout=READ_S)
        behind = [at for at in committed if at.offset < last[at.topic, at.partition]]
        consumer.assign(behind)
        left: set[Place] = {(at.topic, at.partition) for at in behind}
        end = time.monotonic() + READ_S
        while left and time.monotonic() < end:
            for message in consumer.consume(100, 0.2):
                error = message.error()
                place = (message.topic() or "", message.partition() or 0)
                if error is None:
                    return f"{place[0]} {place[1]} from {message.offset()}"
                if error.code() == KafkaError._PARTITION_EOF:
                    left.discard(place)
        return ", ".join(map(str, left))
    finally:
        consumer.close()


def _overdue(field: Field) -> int:
    """Return how many alarms of reports and watches should have been settled some seconds ago."""
    due: dict[tuple[str, bytes], int] = {}
    places = [
        (field.names.of(topic), number)
        for topic in (REPORT, WATCH)
        for number in range(field.settings.partitions)
    ]
    for message in read_all(field.settings, places):
        key = (message.topic() or "", message.key() or b"")
        alarm = head.read_alarm(message.headers()) if message.value() is not None else None
        due.pop(key, None)
        if alarm is not None:
            due[key] = alarm.due
    return sum(at < wall_ms() - OVERDUE_MS for at in due.values())


def tell_logs(field: Field) -> None:
    """Tell the history what no process should have had to say: faults, and auditors' findings."""
    for place in field.supervisor.places.values():
        text = place.log.read_text(errors="replace") if place.log.exists() else ""
        for line in text.splitlines():
            if '"role crashed"' in line or line.startswith(("Traceback", "Fatal Python error")):
                field.history.note("crashed", name=place.name, what=line[-2000:])
            elif '"audit: not as the journal says"' in line:
                field.history.note("audit", name=place.name, what=line[-2000:])
            elif '"role failed"' in line or line.startswith("no progress for"):
                field.history.note("stopped", name=place.name, what=_why(line))


def _why(line: str) -> str:
    """Return a process's last word, shortened to what is the same each time."""
    said = json.loads(line) if line.startswith("{") else {"kind": "watchdog", "error": line}
    return re.sub(r"[0-9]+", "N", f"{said['kind']}: {said['error']}")[:110]
