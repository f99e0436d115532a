"""Looks, before the loop begins, at the records under which earlier processes died: each in a child process.

The child reads one record from its topic, and decodes and checks it with little memory and time. Only what
is certain counts: a fault, an exit, or no end, after the record was in hand. A broker or a registry that does
not answer proves nothing, nor does a kill from outside. `python -m qosresolve.kafka.examine` is that child;
its order comes by standard input, for settings hold secrets.
"""

import faulthandler
import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from confluent_kafka import KafkaError, Message, TopicPartition

from qosresolve.contracts.records import Contracts
from qosresolve.errors import FatalError, PoisonRecordError, QosResolveError
from qosresolve.kafka import clients
from qosresolve.kafka.incoming import headers_of
from qosresolve.kafka.note import READING
from qosresolve.kafka.suspects import DEATHS, PROVEN, RUNBOOK, SURVIVED, Suspect, Suspects, digest_of
from qosresolve.kafka.wire import contracts_for
from qosresolve.settings import Settings
from qosresolve.topics import Names

STATE_RUNBOOK = "docs/runbooks/unreadable-state.md"
READ_S, TAKE_S = 30.0, 30.0  # to get the record, and then to decode it
CPU_S = 15
MEMORY = 256 * 1024 * 1024  # beyond what the child has when it has the record
IN_HAND, GONE, DONE = "in-hand", "gone", "done"

_OURS = frozenset(
    {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGXCPU}
)
_UNANSWERED, _NO_MEMORY = 75, 12  # the child's own words: a dependency is down; its memory did not do
_NOT_THERE = (KafkaError._PARTITION_EOF, KafkaError._AUTO_OFFSET_RESET)  # noqa: SLF001 - the client's own


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: what it said, and its status; None when it did not end in time."""

    said: dict[str, int]
    status: int | None

    @property
    def fault(self) -> str:
        """Return what proves the record bad, empty where nothing does."""
        if IN_HAND not in self.said or DONE in self.said or self.status == _UNANSWERED:
            return ""
        if self.status is None:
            return "no end"
        if self.status >= 0:
            return "out of memory" if self.status == _NO_MEMORY else f"exit status {self.status}"
        found = signal.Signals(-self.status)
        return found.name if found in _OURS else ""


def examine(
    suspects: Suspects, settings: Settings, *, beat: Callable[[], None], stop: threading.Event
) -> None:
    """Look at every suspect that nobody has looked at. Raises FatalError when a state cannot be read."""
    log = structlog.get_logger(role="worker")
    suspect = suspects.newest
    if suspect is not None:
        place = {"topic": suspects.topic(suspect), "partition": suspect.partition, "offset": suspect.offset}
        log.warning("the last process died at a record", **place, deaths=suspect.deaths, runbook=RUNBOOK)
    _stop_at_state(suspects)
    for suspect in suspects.unread:
        ended = _in_a_child(settings, suspects.topic(suspect), suspect, beat, stop)
        if GONE in ended.said:
            suspects.drop(suspect)
        elif IN_HAND in ended.said:
            verdict = PROVEN if ended.fault else SURVIVED if DONE in ended.said else 0
            suspects.judge(suspect, ended.said[IN_HAND], verdict)
        log.warning(
            "a child looked at that record",
            topic=suspects.topic(suspect),
            offset=suspect.offset,
            fault=ended.fault or "none",
            said=sorted(ended.said),
        )


def _stop_at_state(suspects: Suspects) -> None:
    """State is not dropped to get going: a person has to look. The count starts anew, for after that."""
    for suspect in suspects.known:
        if suspect.phase == READING and suspect.deaths >= DEATHS:
            suspects.drop(suspect)
            raise FatalError(
                f"{suspect.deaths} processes died while they read the state that {suspects.topic(suspect)} "
                f"partition {suspect.partition} offset {suspect.offset} needs; see {STATE_RUNBOOK}"
            )


def _in_a_child(
    settings: Settings, topic: str, suspect: Suspect, beat: Callable[[], None], stop: threading.Event
) -> Ended:
    order = json.dumps(
        {
            "settings": settings.model_dump(mode="json"),
            "topic": topic,
            "partition": suspect.partition,
            "offset": suspect.offset,
        }
    )
    command = [sys.executable, "-m", "qosresolve.kafka.examine"]
    # In a session of its own: a signal to our group is none to it, and would prove nothing.
    with subprocess.Popen(  # noqa: S603 - this module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as child:
        try:
            return _heard(child, order.encode(), beat, stop)
        finally:
            child.kill()


def _heard(
    child: "subprocess.Popen[bytes]", order: bytes, beat: Callable[[], None], stop: threading.Event
) -> Ended:
    """Give a child its order and listen to it: its time begins anew when it has the record in hand."""
    if child.stdin is None or child.stdout is None:
        raise AssertionError("a child without pipes")
    with suppress(BrokenPipeError), child.stdin as order_pipe:
        order_pipe.write(order)
    said, end = b"", time.monotonic() + READ_S
    while time.monotonic() < end and not stop.is_set():
        beat()
        if not select.select([child.stdout], [], [], 0.5)[0]:
            continue
        heard = os.read(child.stdout.fileno(), 4_096)
        if not heard:
            return Ended(_words(said), child.wait())
        if IN_HAND not in _words(said) and IN_HAND in _words(said + heard):
            end = time.monotonic() + TAKE_S
        said += heard
    return Ended({} if stop.is_set() else _words(said), None)


def _words(said: bytes) -> dict[str, int]:
    pairs = (line.split() for line in said.decode(errors="replace").splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}


# -- the child


def main() -> None:
    """Read one record and take it as far as that is possible without its state."""
    faulthandler.enable()
    order = json.load(sys.stdin)
    settings = Settings.model_validate(order["settings"])
    message = _fetched(settings, order["topic"], order["partition"], order["offset"])
    if message is None:
        _say(GONE, 0)
        return
    record = Names(settings.prefix).topic(order["topic"]).record
    contracts = contracts_for(settings)
    _bound()
    _say(IN_HAND, digest_of(message))
    os._exit(
        _taken(contracts, record, message)
    )  # no clean-up: what it could prove would not be the record's fault


def _taken(contracts: Contracts, record: str, message: Message) -> int:
    try:
        headers_of(message)
        contracts.read_input(record, message.value() or b"")
    except PoisonRecordError:
        pass
    except QosResolveError:
        return _UNANSWERED
    except MemoryError:
        return _NO_MEMORY
    except Exception:  # noqa: BLE001, S110 - a dead letter of the ordinary kind
        pass
    _say(DONE, 0)
    return 0


def _fetched(settings: Settings, topic: str, partition: int, offset: int) -> Message | None:
    """Return the record at a place, None when there is none any more. Exits when nobody answers."""
    consumer = clients.reader(settings)
    consumer.assign([TopicPartition(topic, partition, offset)])
    end = time.monotonic() + READ_S
    while time.monotonic() < end:
        for message in consumer.consume(1, 0.5):
            error = message.error()
            if error is None or error.code() in _NOT_THERE:
                consumer.close()
                return message if error is None and message.offset() == offset else None
    sys.exit(_UNANSWERED)


def _bound() -> None:
    """Leave so much memory beyond what there is, so much time, and no core file."""
    used = Path("/proc/self/statm")  # Linux; elsewhere only time is bounded
    if used.exists():
        pages = int(used.read_text(encoding="ascii").split()[0])
        _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + MEMORY)
    _limit(resource.RLIMIT_CPU, CPU_S)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(kind: int, wanted: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _say(word: str, number: int) -> None:
    sys.stdout.write(f"{word} {number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
