"""Open reports as a busy day leaves them: stepped by the core through lives of different lengths.

A few hundred lives are stepped; a million reports are copies of them under their own products, with their own
ids and hashes, so that no two records hold the same random bytes and a batch compresses as it would.
"""

import random
import re
import statistics
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from hashlib import sha256

from qosresolve.core.report import Report
from tests.core.builders import HOUR, MINUTE, MONDAY, POLICY, PRODUCT, Product
from tests.kafka.harness import RECORDS

LIVES = 300
HASH = sha256(b"policy").hexdigest()
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_CAUSES = ("service", "resource", "supplier", "unknown")


def product_of(number: int) -> str:
    """Return a product's name, as long as the one in the lives."""
    return f"P{number:0{len(PRODUCT) - 1}}"


def report_id_of(product: str) -> str:
    """Return the id of a product's report."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, product))


def key_of(product: str) -> bytes:
    """Return the key of a product's report."""
    return f"{product}/{report_id_of(product)}".encode()


def reports(numbers: Iterable[int]) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield product, key and value of the report of each number."""
    lives = _lives()
    for number in numbers:
        product = product_of(number)
        yield product, key_of(product), lives[number % LIVES].copy(product)


def sizes() -> list[int]:
    """Return the encoded size of every life's report, in bytes, ascending."""
    return sorted(len(life.value) for life in _lives())


def median_bytes() -> float:
    """Return the median encoded size."""
    return statistics.median(sizes())


class Life:
    """One report, and where in its bytes the places are that differ in every copy."""

    def __init__(self, report: Report) -> None:
        self.value = RECORDS.write_report(report)
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
def _lives() -> list[Life]:
    chance = random.Random(6)
    found: list[Life] = []
    while len(found) < LIVES:
        product = Product(replace(POLICY, hash=HASH))
        _live(product, chance)
        if product.case.latest is not None and product.case.latest.open:
            found.append(Life(product.report))
    return found


def _live(product: Product, chance: random.Random) -> None:
    """Let happen to a product what happens on average: 15 % raises, 75 % updates, 10 % abatements."""
    now = MONDAY + chance.randrange(24 * HOUR)
    rows = [f"kpi-{number}" for number in range(chance.choice((1, 1, 1, 2, 3)))]
    severity = chance.choice(("major", "critical"))
    for row in rows:
        product.sample(now, severity, indicator=row, event_id=f"raise-{row}")
    for at in range(chance.choices((0, 1, 2), (4, 4, 2))[0]):
        now += chance.randrange(MINUTE)
        if at:
            product.find(_clock(now), chance.choice(_CAUSES), f"entity-{chance.randrange(10_000)}")
        elif not product.report.obligations[0].ended:
            product.answer(_clock(now), "analyse", "accepted")
    for at in range(chance.randrange(11)):
        now += chance.randrange(2 * MINUTE)
        product.sample(now, severity, indicator=chance.choice(rows), event_id=f"update-{at}")
    if chance.random() < 0.1:
        product.sample(now + MINUTE, "good", indicator=chance.choice(rows), event_id="abate")


def _clock(now: int) -> str:
    days, rest = divmod(now - MONDAY, 24 * HOUR)
    return f"+{days} {rest // HOUR}:{rest % HOUR // MINUTE:02}"
