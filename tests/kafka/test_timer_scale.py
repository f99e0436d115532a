"""A million alarms: the same as a few, and no slower than they have to be."""

import tracemalloc
from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from qosresolve.kafka.alarms import DOUBLINGS, FAILED, IN_FLIGHT, Alarm, Alarms, Unsettled, key_of
from qosresolve.kafka.schedule import SLACK, SPAN_MS, Key

HOUR = 3_600_000
WAIT = 1_000


def _many(count: int, spread_ms: int = 8 * HOUR) -> Alarms:
    """Return alarms as a cold start arms them: in no order, each key an object of its own."""
    alarms = Alarms()
    for number in range(count):
        key = key_of(b"P%06d" % number, b"0f8fad5b-d9cb-469f-a165-70867728950e")
        alarms.arm(key, 1, number * 7_919 * 1_000 % spread_ms)
    return alarms


def _send(alarms: Alarms, alarm: Alarm, instant: int) -> Alarm:
    firing = alarm.again(instant)
    alarms.fired(firing)
    return firing


def test_an_alarm_takes_250_bytes_at_most() -> None:
    """Key, number, due time and place in the schedule, whatever the dictionary's size leaves unused."""
    _many(10)
    count = 90_000  # just above the size at which the dictionary was doubled: its worst case
    tracemalloc.start()
    alarms = _many(count)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(alarms) == count
    assert held / count < 250


@pytest.mark.parametrize("keys", [1, 1_000])
def test_alarms_that_move_often_take_no_more_room(keys: int) -> None:
    """What was armed before is dropped, even when its time is years away."""
    alarms = Alarms()
    for number in range(200_000 // keys):
        for product in range(keys):
            alarms.arm(key_of(b"%d" % product, b"R"), number, 1_000_000_000_000 - number * SPAN_MS)
    assert len(alarms) == keys
    assert len(alarms._schedule) <= keys + keys // 4 + SLACK


def test_alarms_that_are_disarmed_take_no_room() -> None:
    """A quiet week after a storm: the schedule shrinks with what is armed."""
    alarms = _many(20_000)
    for key in list(alarms._armed):
        alarms.disarm(key)
    assert len(alarms._schedule) <= SLACK


@pytest.mark.slow
def test_what_is_settled_again_and_again_takes_no_room() -> None:
    """One old alarm that nobody settles, and a hundred thousand others that are: no list of them grows."""
    alarms = Alarms()
    alarms.arm(key_of(b"stuck"), 1, 0)
    for number in range(1, 100_000):
        alarms.arm(key_of(b"busy"), number, number)
        for alarm in alarms.due(number, 10):
            alarms.delivered(_send(alarms, alarm, number), number)
        list(alarms.overlooked(0, WAIT, number + 1, 10))
    assert alarms.oldest_due == 0
    assert len(alarms._unsettled.oldest) <= SLACK + 5


def test_a_round_looks_at_few_of_the_unsettled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty thousand lie in a backlog: the first of each queue tells that none is overlooked."""
    alarms = _many(50_000)
    for offset, alarm in enumerate(alarms.due(8 * HOUR, 50_000)):
        alarms.delivered(_send(alarms, alarm, 0), 1_000 + offset)
    looked: list[Alarm] = []
    has = Unsettled.has

    def counted(self: Unsettled, alarm: Alarm) -> bool:
        looked.append(alarm)
        return has(self, alarm)

    monkeypatch.setattr(Unsettled, "has", counted)
    assert list(alarms.overlooked(1_000_000, WAIT, 1_000, 5_000)) == []
    assert alarms.oldest_due == 0
    assert 0 < len(looked) <= DOUBLINGS + 2


def test_a_flood_after_an_outage_is_fired_oldest_first_and_bounded() -> None:
    """An hour of alarms at once: each pass fires as many as it may, and puts in order only what it needs."""
    alarms = _many(100_000)
    passes, fired = 0, []
    while batch := [_send(alarms, alarm, 0).due for alarm in alarms.due(HOUR, 500)]:
        passes += 1
        fired += batch
        assert len(batch) <= 500
        assert len(alarms._schedule._near) <= 2 * 100_000 * SPAN_MS / (8 * HOUR), "far more than one span"
    assert fired == sorted(fired)
    assert len(fired) == sum(number * 7_919 * 1_000 % (8 * HOUR) <= HOUR for number in range(100_000))
    assert passes == -(-len(fired) // 500)


# -- against a model that scans everything


@dataclass
class Known:
    """What the model knows of one key."""

    number: int
    due: int
    times: int = 0
    fired_at: int | None = None
    offset: int = IN_FLIGHT


KEYS = st.sampled_from([key_of(b"P%d" % number) for number in range(6)])
DUES = st.integers(0, 40).map(lambda step: step * SPAN_MS // 4)


class AgainstScans(RuleBasedStateMachine):
    """Whatever happens, in whatever order: what is fired is what a scan over all alarms would fire."""

    @initialize()
    def begin(self) -> None:
        self.alarms = Alarms()
        self.model: dict[Key, Known] = {}
        self.in_flight: list[Alarm] = []
        self.now = self.steady = self.end = self.consumed = 0

    @rule(key=KEYS, number=st.integers(0, 3), due=DUES)
    def arm(self, key: Key, number: int, due: int) -> None:
        """A record comes, a new one or one that was read before."""
        known = self.model.get(key)
        if known is None or (known.number, known.due) != (number, due):
            self.model[key] = Known(number, due)
        self.alarms.arm(key, number, due)

    @rule(key=KEYS)
    def disarm(self, key: Key) -> None:
        """A tombstone comes, maybe of nothing."""
        self.model.pop(key, None)
        self.alarms.disarm(key)

    @rule(step=st.integers(-8, 16), limit=st.integers(1, 4))
    def fire(self, step: int, limit: int) -> None:
        """Time passes, or is put back; a pass fires."""
        self.now = max(0, self.now + step * SPAN_MS // 4)
        waiting = sorted(
            (known.due, key)
            for key, known in self.model.items()
            if known.fired_at is None and known.due <= self.now
        )
        fired = [self._send(alarm) for alarm in self.alarms.due(self.now, limit)]
        assert [(alarm.due, alarm.key) for alarm in fired] == waiting[:limit]
        assert all(self.model[alarm.key].number == alarm.number for alarm in fired)

    @rule(step=st.integers(0, 4 * WAIT), consumed=st.integers(0, 3))
    def fire_again(self, step: int, consumed: int) -> None:
        """Time passes, the worker takes some deadlines; what was overlooked is fired again."""
        self.steady += step
        self.consumed = min(self.end, self.consumed + consumed)
        wanted = {key for key, known in self.model.items() if self._overlooked(known)}
        found = self.alarms.overlooked(self.steady, WAIT, self.consumed, 100)
        assert {self._send(alarm).key for alarm in found} == wanted

    def _overlooked(self, known: Known) -> bool:
        if known.fired_at is None or known.offset == IN_FLIGHT:
            return False
        doublings = 0 if known.offset == FAILED else min(known.times - 1, DOUBLINGS)
        return known.fired_at + (WAIT << doublings) <= self.steady and known.offset < self.consumed

    def _send(self, alarm: Alarm) -> Alarm:
        known = self.model[alarm.key]
        known.times, known.fired_at, known.offset = known.times + 1, self.steady, IN_FLIGHT
        self.in_flight.append(_send(self.alarms, alarm, self.steady))
        return self.in_flight[-1]

    @rule(fate=st.sampled_from(["delivered", "early", "failed"]))
    def told(self, fate: str) -> None:
        """The client tells what became of what it was given first."""
        if not self.in_flight:
            return
        firing = self.in_flight.pop(0)
        current = self.alarms._unsettled.has(firing)
        known = self.model[firing.key] if current else Known(0, 0)
        if fate == "failed":
            self.alarms.failed(firing, self.steady)
            known.offset, known.fired_at, known.times = FAILED, self.steady, known.times - 1
            return
        self.alarms.delivered(firing, self.end)
        known.offset = self.end
        self.end += 1
        if fate == "early":
            self.alarms.early(firing)
            known.fired_at, known.times = None, 0

    @invariant()
    def the_same_is_known(self) -> None:
        """How many are armed, which is the oldest, and when to look next."""
        if not hasattr(self, "model"):
            return
        assert len(self.alarms) == len(self.model)
        firing = {key for key, known in self.model.items() if known.fired_at is not None}
        assert set(self.alarms._unsettled.by_key) == firing
        oldest = min((known.due for known in self.model.values()), default=None)
        self.alarms.one(self.now)  # as every round does before it tells
        if oldest is not None and oldest <= self.now:
            assert self.alarms.oldest_due == oldest
        coming = [known.due for known in self.model.values() if known.fired_at is None]
        if coming:
            assert self.alarms.next_due is not None
            assert self.alarms.next_due <= min(coming)


TestAgainstScans = pytest.mark.slow(AgainstScans.TestCase)
TestAgainstScans.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
