"""Making a failing history small: fewer records, then less of each, as long as the failure stays the same."""

import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.fuzz.samples import ABORT, COMMIT, Sample

TRIES = 600
Fails = Callable[[list[Sample]], str]  # the failure of a history, empty where there is none


def told(error: BaseException) -> str:
    """Return a failure in one line, with the place that it comes from: the same fault, the same line."""
    frames = traceback.extract_tb(error.__traceback__)
    at = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames[-3:]))
    return f"{type(error).__name__} at {at}: {str(error)[:300]}"


def place(failure: str) -> str:
    """Return what of a failure has to stay the same."""
    return failure.partition(": ")[0]


def shrunk(samples: list[Sample], failure: str, fails: Fails) -> list[Sample]:
    """Return a smaller history that fails at the same place."""
    left = TRIES

    def still(smaller: list[Sample]) -> bool:
        nonlocal left
        left -= 1
        return left > 0 and place(fails(smaller)) == place(failure)

    samples = _fewer(samples, still)
    changed = True
    while changed and left > 0:
        changed = False
        for at in range(len(samples)):
            for simpler in _simpler(samples[at]):
                smaller = [*samples[:at], simpler, *samples[at + 1 :]]
                if still(smaller):
                    samples, changed = smaller, True
                    break
    return samples


def _fewer(samples: list[Sample], still: Callable[[list[Sample]], bool]) -> list[Sample]:
    size = max(1, len(samples) // 2)
    while size:
        at = len(samples)
        while at > 0:
            at = max(0, at - size)
            smaller = samples[:at] + samples[at + size :]
            if smaller and still(smaller):
                samples = smaller
        size //= 2
    return samples


def _simpler(sample: Sample) -> Iterator[Sample]:
    """Yield what is less of a record; the first that still fails is kept."""
    if sample.headers:
        yield replace(sample, headers=())
        yield replace(sample, headers=sample.headers[: len(sample.headers) // 2])
    if sample.key:
        yield replace(sample, key=None)
        yield replace(sample, key=sample.key[: len(sample.key) // 2])
    if sample.holed or sample.down:
        yield replace(sample, holed=False, down=False)
    if sample.ends:
        yield replace(sample, ends="")
    if sample.ends == ABORT:
        yield replace(sample, ends=COMMIT)
    value = sample.value or b""
    for size in (len(value) // 2, len(value) // 8, 1):
        if size and len(value) > size:
            yield replace(sample, value=value[:-size])
    for size in (64, 8):
        for at in range(10, len(value) - size, size):
            yield replace(sample, value=value[:at] + value[at + size :])
