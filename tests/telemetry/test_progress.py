"""How far a long reading is, for whoever waits for it."""

from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import CollectorRegistry

from qosresolve.telemetry.metrics import ReadingMetrics
from qosresolve.telemetry.progress import TELL_S, Progress


class Reading:
    """A reading whose seconds pass as a test wants it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.registry = CollectorRegistry()
        metrics = ReadingMetrics(self.registry, "qosresolve_test", "a test")
        self.progress = Progress(metrics, "tester", "reading", lambda: self.now)

    def read(self, remaining: int, seconds: float = 1.0, expected: int = 1_000) -> None:
        """Let time pass, then say how much is left."""
        self.now += seconds
        self.progress.at(expected, remaining)

    def gauge(self, name: str) -> float | None:
        """Return a gauge."""
        return self.registry.get_sample_value(f"qosresolve_test_{name}")


@pytest.fixture
def lines() -> Iterator[list[structlog.typing.EventDict]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def reading(lines: list[structlog.typing.EventDict]) -> Reading:
    assert lines == []
    return Reading()


def test_rate_and_time_left_are_gauges(reading: Reading) -> None:
    """A hundred a second, six hundred left: six seconds."""
    for remaining in (1_000, 900, 800, 700, 600):
        reading.read(remaining)
    assert reading.gauge("remaining_records") == 600
    assert reading.gauge("records_per_second") == pytest.approx(100)
    assert reading.gauge("eta_seconds") == pytest.approx(6)


def test_the_rate_is_that_of_the_last_seconds(reading: Reading) -> None:
    """A quick beginning does not promise an end that does not come."""
    reading.read(1_000)
    reading.read(500)
    for remaining in range(499, 479, -1):
        reading.read(remaining)
    assert reading.gauge("records_per_second") == pytest.approx(1)
    assert reading.gauge("eta_seconds") == pytest.approx(480)


def test_a_line_every_few_seconds_says_how_far_it_is(
    reading: Reading, lines: list[structlog.typing.EventDict]
) -> None:
    """Not one a slice: done and expected, a rate, and the time left."""
    for remaining in range(1_000, 940, -1):
        reading.read(remaining, seconds=0.2)
    told = [line for line in lines if line["event"] == "reading"]
    assert len(told) == int(59 * 0.2 / TELL_S)
    assert told[0].keys() >= {"done", "expected", "per_second", "eta_s"}
    assert told[0]["expected"] == 1_000
    assert told[0]["done"] in range(24, 28)


def test_the_end_is_told_once(reading: Reading, lines: list[structlog.typing.EventDict]) -> None:
    """With how many and how fast; the gauges fall to 0, and nothing stalls any more."""
    reading.read(1_000)
    reading.read(0, seconds=2)
    reading.progress.done()
    reading.progress.done()
    assert [line["event"] for line in lines] == ["reading began", "reading done"]
    assert (lines[-1]["records"], lines[-1]["per_second"]) == (1_000, 500)
    assert [reading.gauge(name) for name in ("remaining_records", "records_per_second", "eta_seconds")] == [
        0,
        0,
        0,
    ]
    reading.now += 1_000
    assert reading.progress.stalled_s == 0


def test_what_is_read_in_parts_is_one_reading(
    reading: Reading, lines: list[structlog.typing.EventDict]
) -> None:
    """Partitions that are done are not spoken of any more: the rest is no other reading."""
    reading.read(1_000)
    reading.read(300, expected=500)
    reading.read(0, expected=200)
    reading.progress.done()
    assert [line["event"] for line in lines] == ["reading began", "reading done"]
    assert (lines[-1]["records"], lines[-1]["seconds"]) == (1_000, 2)


def test_what_does_not_move_stalls(reading: Reading) -> None:
    """Seconds without one offset; the first that comes ends it, and no time left is told meanwhile."""
    reading.read(1_000)
    reading.read(1_000, seconds=40)
    assert reading.progress.stalled_s == 40
    assert reading.progress.eta_s is None
    assert reading.gauge("eta_seconds") == 0
    reading.read(999)
    assert reading.progress.stalled_s == 0


def test_more_to_read_than_before_begins_anew(reading: Reading) -> None:
    """Partitions came along meanwhile: neither a stall nor a negative rate."""
    reading.read(1_000)
    reading.read(10)
    reading.read(5_000, seconds=50, expected=6_000)
    assert reading.progress.stalled_s == 0
    assert reading.progress.rate == 0
    assert reading.progress.seconds == 0
