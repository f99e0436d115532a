"""Whether what a contender wrote is right: a fast wrong answer is no answer.

Outputs are read as a neighbour reads them, committed records only. The judging works on plain values.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from confluent_kafka import Message

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.report import Report
from qosresolve.kafka.reading import read_all
from qosresolve.replay.reports import journal_of, stored_reports
from qosresolve.replay.verify import verify
from qosresolve.topics import DEAD_LETTERS, Names
from tests.bench.peers import simple
from tests.bench.whole.data import PARTITIONS, Event
from tests.bench.whole.measuring import FailedError
from tests.bench.whole.site import Site

RECORDS = Contracts(SingleObjectCodec())
STALL_S = 60.0
Place = tuple[int, int]  # partition, offset
Sum = tuple[int, int]  # how many records, and a checksum that does not ask for their order


# -- judging


def sums(records: Iterable[tuple[int, bytes, bytes]]) -> dict[int, Sum]:
    """Return count and checksum of (partition, key, value), by partition."""
    found: dict[int, Sum] = {}
    for partition, key, value in records:
        count, total = found.get(partition, (0, 0))
        digest = int.from_bytes(hashlib.blake2b(key + b"\0" + value, digest_size=8).digest(), "big")
        found[partition] = (count + 1, (total + digest) % 2**64)
    return found


def same_sums(expected: Mapping[int, Sum], found: Mapping[int, Sum]) -> None:
    """Every record was copied once, to its partition."""
    wrong = sorted(number for number in expected.keys() | found if expected.get(number) != found.get(number))
    if wrong:
        number = wrong[0]
        raise FailedError(
            f"{len(wrong)} partitions differ; {number} has {found.get(number, (0, 0))[0]:,} records of "
            f"{expected.get(number, (0, 0))[0]:,}, or other bytes"
        )


def same_reports(expected: Mapping[str, simple.Value], found: Mapping[str, simple.Value]) -> None:
    """The last report of each product is what its events fold to."""
    wrong = sorted(name for name in expected.keys() | found if expected.get(name) != found.get(name))
    if wrong:
        name = wrong[0]
        raise FailedError(
            f"{len(wrong)} reports are wrong; of {name} expected {expected.get(name)}, "
            f"found {found.get(name)}"
        )


def each_once(expected: set[Place], taken: Counter[Place]) -> None:
    """Every event was taken exactly once."""
    doubled = [place for place, count in taken.items() if count > 1]
    missing = expected - taken.keys()
    if doubled or taken.keys() != expected:
        raise FailedError(
            f"{len(doubled):,} events were taken twice, {len(missing):,} not at all, "
            f"{len(taken.keys() - expected):,} do not exist"
        )


def up_to_date(last: Mapping[str, int], reports: Iterable[Report]) -> None:
    """There is one report for each product, and it has taken the product's last event."""
    found: dict[str, list[int]] = {}
    for report in reports:
        found.setdefault(report.product_id, []).extend(row.sequence for row in report.indicators)
    wrong = sorted(name for name in last.keys() | found if found.get(name) != [last.get(name)])
    if wrong:
        name = wrong[0]
        raise FailedError(
            f"{len(wrong)} products have a wrong report; {name} ends with event {last.get(name)}, its "
            f"reports with {found.get(name)}"
        )


# -- reading what is judged


def copied(site: Site, topic: str, events: list[Event], by_ms: int) -> None:
    """Check a copy of all events."""
    expected = sums((event.partition, event.product.encode(), event.moved(by_ms)) for event in events)
    same_sums(expected, sums(_rows(site, topic)))


def folded(site: Site, topic: str, events: list[Event], by_ms: int) -> None:
    """Check the simple reports of a peer."""
    found = {key.decode(): value for _, key, value in _rows(site, topic)}
    expected = simple.folded(event.moved(by_ms) for event in events)
    same_reports(expected, {name: simple.read_report(value) for name, value in found.items()})


def resolved(site: Site, _topic: str, events: list[Event], _by_ms: int) -> None:
    """Check journal, reports and dead letters of qosresolve itself, and let it verify its own fold."""
    settings, wanted = site.settings, Counter(event.partition for event in events)
    expected = {(number, offset) for number, count in wanted.items() for offset in range(count)}
    causes = (entry.cause for entry in journal_of(settings, RECORDS))
    each_once(expected, Counter((at.partition, at.offset) for at in causes if at.topic == site.input))
    dead = [message.headers() for message in _messages(site, Names(settings.prefix).of(DEAD_LETTERS))]
    if dead:
        raise FailedError(f"{len(dead):,} dead letters, such as {dead[0]}")
    last = {event.product: sequence for sequence, event in enumerate(events, 1)}
    up_to_date(last, stored_reports(settings, RECORDS))
    result = verify(settings, RECORDS)
    if not result.equal or result.unprovable:
        raise FailedError(f"verify: {len(result.mismatches)} records differ, such as {result.mismatches[:1]}")


def _rows(site: Site, topic: str) -> Iterator[tuple[int, bytes, bytes]]:
    for message in _messages(site, topic):
        yield message.partition() or 0, message.key() or b"", message.value() or b""


def _messages(site: Site, topic: str) -> Iterator[Message]:
    places = [(topic, number) for number in range(PARTITIONS)]
    return read_all(site.settings, places, stall_s=STALL_S)
