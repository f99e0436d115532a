"""The other places that read what others may have written: each answers, or says that it cannot.

The timer's headers, keys and values at a restore, policies, the trace that a record brings.
"""

import json
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any, cast

from confluent_kafka import Message

from qosresolve.contracts import headers as head
from qosresolve.contracts.policy import file as policy_file
from qosresolve.core.inputs import Deadline
from qosresolve.core.partition import PartitionState, Position
from qosresolve.core.watch import EarlyAbatement, Watch
from qosresolve.errors import FatalError, PoisonRecordError
from qosresolve.kafka.alarms import Alarm
from qosresolve.kafka.cases import CaseStore
from qosresolve.kafka.policies import PolicyBook
from qosresolve.kafka.watched import Watched
from qosresolve.settings import Settings
from qosresolve.topics import PARTITION, REPORT, WATCH
from tests.core.builders import Product
from tests.fuzz import mutations, pools
from tests.fuzz.samples import Sample
from tests.kafka.bench import HERE, NAMES, Bench
from tests.kafka.harness import RECORDS

Pairs = list[tuple[str, bytes | None]]
_NUMBERS = (
    b"0",
    b"-0",
    b"+1",
    b" 1",
    b"1e3",
    b"1_000",
    b"\xd9\xa1",
    b"9" * 19,
    b"9" * 400,
    b"-1",
    b"",
    b"\xff",
    b"1\n",
    None,
)
_NAMES = ("due", "alarm", "deadline-next", "due", "traceparent", "", "Due")
_STATE = (NAMES.of(REPORT), NAMES.of(WATCH), NAMES.of(PARTITION))


def _headers(chance: Random) -> Pairs:
    numbers = (*_NUMBERS, b"%d" % chance.choice(pools.NUMBERS), b"1772409600000")
    return [(chance.choice(_NAMES), chance.choice(numbers)) for _ in range(chance.choice((0, 1, 2, 2, 3, 6)))]


def _key(chance: Random) -> bytes | None:
    text = pools.encoded(chance)
    return chance.choice(
        (None, b"", b"/", b"P1", b"P1/r", b"a/b/c", b"\xff/\xfe", text, text + b"/r", chance.randbytes(9))
    )


def _message(topic: str, key: bytes | None, value: bytes | None, headers: Pairs) -> Message:
    held = cast("Any", headers)  # the stub knows no null header
    return Message(topic=topic, partition=HERE, offset=0, key=key, value=value, headers=held)


def _changed(chance: Random, value: bytes) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 4))):
        value = chance.choice(mutations.BYTES)(chance, value, value)
    return value


# -- one function a reader; what it returns is counted


def trace(chance: Random) -> str:
    """A trace's context is taken or not; nothing is raised for it."""
    found = head.traceparent(
        cast("head.Given", [("traceparent", chance.choice(mutations.TRACES)), *_headers(chance)])
    )
    assert found is None or len(found) == 55
    return "taken" if found else "none"


def timer(chance: Random) -> str:
    """What the timer learns of a record: an alarm that can be fired and named, or nothing."""
    watched = Watched(HERE, NAMES)
    topic = chance.choice(_STATE)
    message = _message(topic, _key(chance), chance.choice((None, b"x")), _headers(chance))
    if chance.random() < 0.1:
        message = Sample(0, 0, message.key(), b"x", (), 0, holed=True).message()
    try:
        watched.take(topic, message)
    except PoisonRecordError:
        return "refused"
    for alarm in watched.alarms.due(1 << 60, 10):
        assert isinstance(alarm, Alarm)
        product, report = alarm.names
        RECORDS.write_input(Deadline(product, report, alarm.number, alarm.due))
    return "taken"


def restore(chance: Random) -> str:
    """State that is not what we wrote: indexed by any key, and a page for what cannot be read."""
    store = CaseStore(RECORDS, 2)
    keys = [(_key(chance) or b"").decode(errors="replace") for _ in range(4)]
    for key in keys:
        good = chance.choice(_state_records())
        value = chance.choice((None, good, _changed(chance, good)))
        (store.put_report if chance.random() < 0.7 else store.put_watch)(key, value)
    came_to = "taken"
    for product in list(store.products()):
        try:
            store.get(product)
        except FatalError as error:
            came_to = _page(error)
    return came_to


def _page(error: FatalError) -> str:
    assert "docs/runbooks/unreadable-state.md" in str(error)
    return "page"


def remembered(chance: Random) -> str:
    """A partition record that somebody else wrote, or a disk changed."""
    bench = _bench()
    try:
        bench.partition.remembered(0, _changed(chance, _partition_record()))
    except FatalError as error:
        return _page(error)
    return "taken"


def policy(chance: Random) -> str:
    """A policy is known under the hash of what it holds, or not at all."""
    value, canonical = _policy_record()
    if chance.random() < 0.5:
        value = _changed(chance, value)
    else:
        body = chance.choice((_changed(chance, canonical), _other_policy(chance, canonical)))
        value = RECORDS.write_policy(policy_file.policy_hash(body), pools.text(chance), 0, body)
    book = PolicyBook(Settings(slot="0"), RECORDS)
    book.learn(value)
    known = list(book._known.items())
    assert all(name == item.hash for name, item in known)
    return "taken" if known else "left out"


def _other_policy(chance: Random, canonical: bytes) -> bytes:
    tree = json.loads(canonical)
    at, name = tree, chance.choice(list(tree))
    while isinstance(at[name], (dict, list)) and at[name] and chance.random() < 0.7:
        at = at[name]
        name = chance.choice(list(at)) if isinstance(at, dict) else chance.randrange(len(at))
    at[name] = chance.choice((None, 0, -1, 2**70, 1.5, True, "", pools.text(chance), [], {}, [[]], {"a": 1}))
    return json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


READERS: dict[str, Callable[[Random], str]] = {
    "trace": trace,
    "timer": timer,
    "restore": restore,
    "remembered": remembered,
    "policy": policy,
}
WEIGHTS = (4, 6, 3, 2, 1)


# -- what good ones look like


@cache
def _state_records() -> tuple[bytes, ...]:
    product = Product()
    product.sample("10:00")
    product.answer("10:01", "analyse", "accepted")
    product.find("10:02", "resource", "cpe-7")
    watch = Watch("P1", 0, 1, (EarlyAbatement("latency", "svc-1", "probe", 0, 1, 2),))
    return (RECORDS.write_watch(watch), *map(RECORDS.write_report, product.case.reports))


@cache
def _partition_record() -> bytes:
    positions = tuple(Position(topic, 7) for topic in NAMES.inputs)
    return RECORDS.write_partition(PartitionState(HERE, positions, "a" * 64))


@cache
def _policy_record() -> tuple[bytes, bytes]:
    canonical = policy_file.compile(policy_file.load(policy_file.default_text()))
    return RECORDS.write_policy(policy_file.policy_hash(canonical), "shipped", 0, canonical), canonical


@cache
def _bench() -> Bench:
    return Bench()
