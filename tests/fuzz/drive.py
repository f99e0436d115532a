"""A history from one seed: what comes next depends on what came of the records before."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from tests.fuzz import mutations, world
from tests.fuzz.history import History
from tests.fuzz.makers import INDEX, Maker, written
from tests.fuzz.samples import ABORT, COMMIT, Sample

LENGTH = 250  # records of a history
_PASSES = (0, 0, 1_000, 60_000, 600_000, 3_600_000, 86_400_000)


class Driver:
    """Draws one history and takes it; `samples` is what was drawn so far."""

    def __init__(self, seed: str, length: int = LENGTH) -> None:
        self.chance = Random(seed)
        self.registered = self.chance.random() < 0.3
        registry = shared_registry() if self.registered else None
        self.history = History(registry)
        self.samples: list[Sample] = []
        self._ids = registry.ids if registry else []
        self._maker = Maker(self.chance)
        self._length = length
        self._offsets = [0] * len(INDEX)
        self._values = [b"\xc3\x01"]
        self._left = 0

    def run(self) -> None:
        """Take the whole history. Raises whatever must not happen."""
        self.history.run(self._drawn())

    def _drawn(self) -> Iterator[Sample]:
        for _ in range(self._length):
            sample = self._next()
            self.samples.append(sample)
            yield sample

    def _next(self) -> Sample:
        self._maker.now += self.chance.choice(_PASSES) if self.chance.random() < 0.3 else 0
        self._maker.cases = self.history.cases
        record, value, key = self._good()
        at = INDEX[record]
        sample = Sample(at, 0, key, value, (), self._maker.now, ends=self._ends())
        if self._ids and self.chance.random() < 0.4:
            sample = mutations.reframed(self.chance, sample, self._ids)
        if self.chance.random() < 0.45:
            sample = mutations.mutated(self.chance, sample, self.chance.choice(self._values), self._ids)
        if self._ids and self.chance.random() < 0.02:
            sample = replace(sample, down=True)
        self._offsets[sample.topic] += self.chance.choice((1, 1, 1, 2, 5))  # gaps are legal
        return replace(sample, offset=self._offsets[sample.topic] - 1)

    def _good(self) -> tuple[str, bytes, bytes | None]:
        while True:
            record, body = self._maker.made()
            try:
                value = written(record, body)
                key = body.product_id.encode()
            except (ValueError, OverflowError, TypeError):  # what no record can hold
                continue
            self._values = [*self._values[-40:], value]
            return record, value, key

    def _ends(self) -> str:
        if self._left:
            self._left -= 1
            return ""
        self._left = self.chance.choice((0, 0, 1, 3, 10, 40))
        return ABORT if self.chance.random() < 0.1 else COMMIT


_REGISTRY: list[world.Registry] = []


def shared_registry() -> world.Registry:
    """Return the one registry of this process: to parse its schemas for each history would take longest."""
    if not _REGISTRY:
        _REGISTRY.append(world.Registry())
    return _REGISTRY[0]
