"""Open reports as a busy day leaves them: stepped by the core through lives of different lengths.

A few hundred lives are stepped, by the shipped policy; a million reports are copies of them under their own
products, with their own ids and hashes, so that no two records hold the same random bytes and a batch
compresses as it would.
"""

import random
import re
import statistics
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from qosresolve.contracts.policy import file as policy_file
from qosresolve.core.policy import Policy
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import Severity
from tests.core.builders import HOUR, MINUTE, MONDAY, PRODUCT, Product
from tests.kafka.harness import RECORDS

LIVES = 300
INDICATOR = "kpi-0"  # which every report has
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_CAUSES = ("service", "resource", "supplier", "unknown")


@dataclass(frozen=True, slots=True)
class Opened:
    """When reports were opened: at random instants within a span since one, ms."""

    since: int = MONDAY
    within: int = 24 * HOUR


OPENED = Opened()


@cache
def policy() -> Policy:
    """Return the shipped policy, which a worker follows and so can read these reports by."""
    return policy_file.read_canonical(policy_file.compile(policy_file.load(policy_file.default_text())))


def product_of(number: int) -> str:
    """Return a product's name, as long as the one in the lives."""
    return f"P{number:0{len(PRODUCT) - 1}}"


def report_id_of(product: str) -> str:
    """Return the id of a product's report."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, product))


def key_of(product: str) -> bytes:
    """Return the key of a product's report."""
    return f"{product}/{report_id_of(product)}".encode()


def severity_of(number: int) -> Severity:
    """Return what the first indicator of a report was last seen at, or at worst before it was good."""
    return _lives(OPENED)[number % LIVES].severity


def reports(numbers: Iterable[int], opened: Opened = OPENED) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield product, key and value of the report of each number."""
    lives = _lives(opened)
    for number in numbers:
        product = product_of(number)
        yield product, key_of(product), lives[number % LIVES].copy(product)


def sizes() -> list[int]:
    """Return the encoded size of every life's report, in bytes, ascending."""
    return sorted(len(life.value) for life in _lives(OPENED))


def median_bytes() -> float:
    """Return the median encoded size."""
    return statistics.median(sizes())


class Life:
    """One report, and where in its bytes the places are that differ in every copy."""

    def __init__(self, report: Report) -> None:
        self.value = RECORDS.write_report(report)
        self.severity = report.indicators[0].severity
        self._ids = sorted({found.decode() for found in _UUID.findall(self.value)} - {report.report_id})
        self._report_id, self._seen = report.report_id.encode(), report.seen

    def copy(self, product: str) -> bytes:
        """Return the bytes of the same life of another product."""
        value = self.value.replace(PRODUCT.encode(), product.encode())
        value = value.replace(self._report_id, report_id_of(product).encode())
        for old in self._ids:
            value = value.replace(
                old.encode(), str(uuid.UUID(bytes=random.randbytes(16), version=5)).encode()
            )
        return value.replace(self._seen, random.randbytes(len(self._seen)))


@cache
def _lives(opened: Opened) -> list[Life]:
    chance = random.Random(6)
    found: list[Life] = []
    while len(found) < LIVES:
        product = Product(policy())
        _live(product, chance, opened)
        if product.case.latest is not None and product.case.latest.open:
            found.append(Life(product.report))
    return found


def _live(product: Product, chance: random.Random, opened: Opened) -> None:
    """Let happen to a product what happens on average: 15 % raises, 75 % updates, 10 % abatements."""
    now = opened.since + int(chance.random() * opened.within)
    rows = [f"kpi-{number}" for number in range(chance.choice((1, 1, 1, 2, 3)))]
    severity = chance.choice(("major", "critical"))
    for row in rows:
        product.sample(now, severity, indicator=row, event_id=f"raise-{row}")
    for at in range(chance.choices((0, 1, 2), (4, 4, 2))[0]):
        now += chance.randrange(MINUTE)
        if at:
            product.find(_clock(now), chance.choice(_CAUSES), f"entity-{chance.randrange(10_000)}")
        elif not product.report.obligations[0].ended:
            product.answer(_clock(now), product.policy.plan[0].name, "accepted")
    for at in range(chance.randrange(11)):
        now += chance.randrange(2 * MINUTE)
        product.sample(now, severity, indicator=chance.choice(rows), event_id=f"update-{at}")
    if chance.random() < 0.1:
        product.sample(now + MINUTE, "good", indicator=chance.choice(rows), event_id="abate")


def _clock(now: int) -> str:
    days, rest = divmod(now - MONDAY, 24 * HOUR)
    return f"+{days} {rest // HOUR}:{rest % HOUR // MINUTE:02}"
