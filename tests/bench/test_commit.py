"""What `make bench-commit` makes of its two looks; no broker."""

import time
from collections.abc import Callable
from typing import cast

import pytest
from confluent_kafka import Producer

from qosresolve.kafka.transaction import Transactions
from tests.bench.commit import Clock, Spent, rows
from tests.bench.whole.measuring import FailedError


class _Retrying(Transactions):
    """Waits, and talks to nobody."""

    def __init__(self) -> None:
        self._began, self._limit_s = time.monotonic(), 5.0


def _wait(seconds: float) -> Callable[[float], None]:
    return lambda _left: time.sleep(seconds)


def test_what_a_worker_waits_for_its_commits_is_counted_while_the_clock_is_on() -> None:
    """Every wait counts, and afterwards the worker is as it was."""
    clock, worker, before = Clock(), _Retrying(), Transactions._until
    with clock.on():
        for _ in range(2):
            worker._until(cast("Producer", None), _wait(0.05))
    assert 0.1 <= clock.waited < 2
    counted = clock.waited
    worker._until(cast("Producer", None), _wait(0.01))
    assert clock.waited == counted
    assert Transactions._until is before


def test_the_share_is_of_the_time_between_the_looks() -> None:
    """What went before the first look is in none of the figures."""
    found = {what: value for value, what in rows(Spent(10, 3, 5, 1_000), Spent(14, 3.2, 25, 41_000))}
    assert found["events/s"] == 10_000
    assert found["events a transaction"] == 2_000
    assert found["ms a transaction"] == pytest.approx(200)
    assert found["of them waited for the commit"] == pytest.approx(10)
    assert found["% of the time waited for the commit"] == pytest.approx(5)


def test_nothing_committed_is_no_share() -> None:
    """A run that was too short is refused, not divided by."""
    with pytest.raises(FailedError, match="too quick"):
        rows(Spent(1, 0, 5, 10), Spent(2, 0, 5, 10))
