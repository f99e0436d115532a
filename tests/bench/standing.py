"""Events about products that have an open report each, those of tests/bench/population.

Of the same mix as the events of `make bench`, wherever they fall: what is good can only be raised, so what is
behind its share is more likely to come next. Which indicator, which object: what the report has in its first
row, so that an update is one, and no raise of something new.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from qosresolve.core.inputs import Degradation
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from tests.bench.population import INDICATOR, product_of, severity_of
from tests.bench.whole.data import (
    ABATES,
    BASE_MS,
    EVERY_MS,
    HOT_EVENTS,
    HOT_PRODUCTS,
    RAISES,
    Event,
    event_of,
)
from tests.core.builders import SERVICE
from tests.kafka.harness import RECORDS

SHARES = {
    DegradationKind.RAISE: RAISES,
    DegradationKind.UPDATE: 1 - RAISES - ABATES,
    DegradationKind.ABATE: ABATES,
}
AHEAD = 1_000  # events within which the mix is held
WORSE = 0.05  # updates that bring another severity


@dataclass(frozen=True, slots=True)
class Spread:
    """Which products the events are about: the first `active` ones, evenly or 1 % of them far more often."""

    active: int
    hot: bool = False

    def draw(self, rng: random.Random) -> int:
        """Return a product's number."""
        few = max(1, int(self.active * HOT_PRODUCTS))
        if not self.hot:
            return rng.randrange(self.active)
        return rng.randrange(few) if rng.random() < HOT_EVENTS else rng.randrange(few, self.active)


def events(spread: Spread, seed: int = 1) -> Iterator[Event]:
    """Yield events without end, the same for the same seed; an instant's `EVERY_MS` lies between them."""
    rng, good = random.Random(seed), set[int]()
    severities: dict[int, Severity] = {}
    counted = Counter[DegradationKind]()
    while True:
        number = spread.draw(rng)
        sequence = counted.total() + 1
        kind = DegradationKind.RAISE if number in good else _behind(counted, rng)
        counted[kind] += 1
        (good.add if kind is DegradationKind.ABATE else good.discard)(number)
        severity = severities.get(number) or severity_of(number)
        if rng.random() < WORSE:
            severity = severities[number] = rng.choice((Severity.MAJOR, Severity.CRITICAL))
        yield event_of(RECORDS, _degradation(number, sequence, kind, severity, rng))


def _behind(counted: Counter[DegradationKind], rng: random.Random) -> DegradationKind:
    """Return a kind; what is behind its share is likelier."""
    until = counted.total() + AHEAD
    wanting = [max(0.0, share * until - counted[kind]) for kind, share in SHARES.items()]
    return rng.choices(list(SHARES), wanting)[0]


def _degradation(
    number: int, sequence: int, kind: DegradationKind, severity: Severity, rng: random.Random
) -> Degradation:
    return Degradation(
        product_id=product_of(number),
        event_id=f"probe-{sequence:09}",
        source="performance-monitoring",
        sequence=sequence,
        kind=kind,
        indicator=INDICATOR,
        object_id=SERVICE,
        object_kind=ObjectKind.SERVICE,
        severity=severity,
        observed_at=BASE_MS + int(sequence * EVERY_MS),
        value=f"{rng.randrange(100, 1_000)}.{rng.randrange(10)}",
        threshold="100",
        unit="ms",
        customer_id="customer-1",
        tier="gold",
        site=f"site-{number % 97:03}",
        offering="leased-line",
    )
