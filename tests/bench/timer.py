"""A timer with a million alarms: `python -m tests.bench.timer` (`make bench-timer`).

On a real broker of its own: how fast a cold start arms them, from reports of ordinary size; what one takes;
how fast it fires what became due in an outage; and how late it is at a steady rate. With `--load` a worker
takes events meanwhile, at half of its own rate (tests/bench/busy): on topics of its own, for one that also
settled these deadlines would not be half busy. With `--no-broker` the bookkeeping alone.
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext

from qosresolve.core.inputs import Deadline
from qosresolve.kafka import topics_admin
from qosresolve.kafka.alarms import Alarm, Alarms
from qosresolve.kafka.reading import read_all
from qosresolve.kafka.timer import Timer
from qosresolve.settings import Settings, load
from qosresolve.telemetry import log
from qosresolve.topics import DEADLINE, Names
from tests.bench.busy import Busy, half_busy
from tests.bench.filling import Due, fill_apart, keys, resident_bytes
from tests.kafka.harness import RECORDS, Running, World, await_that, wall_ms
from tests.support.kafka_server import KafkaServer

HOUR = 3_600_000
PARTITIONS = 12
AHEAD_S = 60  # the first of the steady ones is due so long after it was asked for
BEFORE_S = 3  # the load begins so long before them
LONG_S = 300.0


def main() -> None:
    """Measure and print."""
    log.configure("json", "warning")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alarms", type=int, default=1_000_000, help="armed, due in hours")
    parser.add_argument("--overdue", type=int, default=100_000, help="that became due while no timer ran")
    parser.add_argument("--rate", type=int, default=5_000, help="fires a second, steadily")
    parser.add_argument("--seconds", type=int, default=20, help="for how long")
    parser.add_argument("--load", action="store_true", help="beside a worker at half of its own rate")
    parser.add_argument("--no-broker", action="store_true", help="the bookkeeping alone")
    given = parser.parse_args()
    if given.no_broker:
        structure(given.alarms)
        return
    with KafkaServer() as server:
        settings = load(
            overrides=[
                f"bootstrap_servers={server.bootstrap}",
                "prefix=bench.",
                f"partitions={PARTITIONS}",
                "replication_factor=1",
                "log_level=warning",
            ]
        )
        topics_admin.create(settings)
        with half_busy(server.bootstrap) if given.load else nullcontext() as beside:
            if beside is not None:
                _print("the worker's own rate, events/s", beside.rate)
            on_a_broker(settings, given, beside)


# -- the bookkeeping alone


def structure(count: int) -> None:
    """Arm, fire and move alarms of one partition."""
    for _ in _given(1_000):
        pass
    gc.collect()
    before, began = resident_bytes(), time.perf_counter()
    for _ in _given(count):
        pass
    made_s, began = time.perf_counter() - began, time.perf_counter()
    alarms = Alarms()
    for key, due in _given(count):
        alarms.arm(key, 1, due)
    _print("armed a second", count / (time.perf_counter() - began - made_s))
    _print("bytes an alarm (resident)", (resident_bytes() - before) / count)
    fired, passes = 0, []
    while True:
        began = time.perf_counter()
        firings = list(_firing(alarms, HOUR))
        passes.append(time.perf_counter() - began)
        fired += len(firings)
        if not firings:
            break
    _print("fired a second", fired / sum(passes))
    _print("longest pass of 5,000, ms", max(passes) * 1_000)
    began = time.perf_counter()
    for _ in range(1_000):
        list(alarms.overlooked(0, 5_000, 0, 5_000))
        list(alarms.due(HOUR, 5_000))
    _print(f"an idle round with {fired:,} unsettled, us", (time.perf_counter() - began) * 1_000)


def _given(count: int) -> Iterator[tuple[bytes, int]]:
    return ((key, at * 7_919_000 % (8 * HOUR)) for at, key in enumerate(keys(range(count))))


def _firing(alarms: Alarms, now: int) -> Iterator[Alarm]:
    for alarm in alarms.due(now, 5_000):
        firing = alarm.again(0)
        alarms.fired(firing)
        yield firing


# -- on a broker


def on_a_broker(settings: Settings, given: argparse.Namespace, beside: Busy | None) -> None:
    """Start a timer on a filled topic; then give it a steady stream, beside a load if there is one."""
    count, overdue = given.alarms, given.overdue
    now = wall_ms()
    fill_apart(settings, range(count), Due(now + 2 * HOUR, 7_919_000, 48 * HOUR))
    fill_apart(settings, range(count, count + overdue), Due(now - HOUR, HOUR // overdue))
    gc.collect()
    before, began, busy = resident_bytes(), time.monotonic(), time.process_time()
    timer = World.start(Timer, settings)
    await_that(lambda: timer.metric("qosresolve_timer_armed") >= count + overdue, "alarms", LONG_S)
    seconds = time.monotonic() - began
    _print("armed from cold start, seconds", seconds)
    _print("armed a second", (count + overdue) / seconds)
    _print("CPU of the timer, us an alarm", (time.process_time() - busy) * 1e6 / (count + overdue))
    _print(
        "bytes an alarm that is armed (resident, client included)",
        (resident_bytes() - before) / (count + overdue),
    )
    await_that(lambda: _fired(timer) >= overdue, "end of the flood", LONG_S)
    _print(
        "bytes an alarm after the outage, with what was fired",
        (resident_bytes() - before) / (count + overdue),
    )
    time.sleep(1)
    flood = _deadlines(settings)
    _print("fired a second after an outage", _rate([at for at, _ in flood]))
    first = count + overdue
    begin = wall_ms() + AHEAD_S * 1_000
    busy = time.process_time()
    steadily = Due(begin, 0, a_second=given.rate)
    fill_apart(settings, range(first, first + given.rate * given.seconds), steadily)
    if wall_ms() > begin:
        raise RuntimeError("it took too long to ask for the steady ones: the machine is too busy for this")
    if beside is not None:
        time.sleep(max(0.0, begin / 1_000 - time.time() - BEFORE_S))
        _print("events/s sent to the worker meanwhile", beside.start(given.seconds + BEFORE_S))
        await_that(lambda: _fired(timer) > overdue, "steady fires", LONG_S)
        beside.look()
    await_that(lambda: _fired(timer) >= overdue + given.rate * given.seconds, "steady fires", LONG_S)
    if beside is not None:
        taken, cores = beside.look()
        _print("events/s taken by the worker meanwhile", taken)
        _print("of one core used by the worker meanwhile, %", cores * 100)
    _print("CPU of the timer, us a fire", (time.process_time() - busy) * 1e6 / given.rate / given.seconds)
    time.sleep(1)
    timer.stop()
    steady = [(at, due) for at, due in _deadlines(settings) if due >= begin]
    late = sorted(at - due for at, due in steady)
    _print("fired a second, steadily", _rate([at for at, _ in steady]))
    cuts = statistics.quantiles(late, n=100)
    for name, value in (("p50", cuts[49]), ("p99", cuts[98]), ("most", late[-1]), ("least", late[0])):
        _print(f"lateness, ms, {name}", value)


def _fired(timer: Running) -> float:
    assert not timer.failure, timer.failure
    return timer.metric("qosresolve_timer_fired_total", again="false")


def _deadlines(settings: Settings) -> list[tuple[int, int]]:
    """Return broker time and due time of every deadline."""
    places = [(Names(settings.prefix).of(DEADLINE), number) for number in range(PARTITIONS)]
    found = []
    for message in read_all(settings, places):
        body = RECORDS.read_input(DEADLINE.record, message.value() or b"")
        assert isinstance(body, Deadline)
        found.append((message.timestamp()[1], body.due))
    return found


def _rate(instants: list[int]) -> float:
    return len(instants) * 1_000 / (max(instants) - min(instants))


def _print(what: str, value: float) -> None:
    sys.stdout.write(f"{value:12,.1f}  {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
