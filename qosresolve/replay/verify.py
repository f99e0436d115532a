"""Verification: the fold of the journal, against what lies on the report and watch topics, by value.

Partition by partition, so one partition's cases are in memory at a time. It may run beside live workers; the
order of reading (positions, state, journal) is what makes that sound, see `audit`.
"""

from collections.abc import Callable

from qosresolve.contracts.records import Contracts
from qosresolve.kafka import clients
from qosresolve.kafka.offsets import Place, ends, starts
from qosresolve.kafka.reading import read_all
from qosresolve.replay.audit import ATTEMPTS, Audit, Verification
from qosresolve.replay.differences import Mismatch, compare
from qosresolve.replay.reports import partition_states, places, put
from qosresolve.settings import Settings
from qosresolve.topics import JOURNAL, REPORT, WATCH, Names

__all__ = ["Mismatch", "Progress", "Verification", "compare", "verify"]

Progress = Callable[[int, int], None]  # offsets read, offsets expected


def verify(settings: Settings, contracts: Contracts, progress: Progress | None = None) -> Verification:
    """Return how the fold of the journal compares with the report and watch topics.

    Raises ConfigError without topics, FatalError when reading stalls, RetriableError when brokers are away.
    """
    admin = clients.admin(settings)
    journal = places(settings, JOURNAL)
    watch = Names(settings.prefix).of(WATCH)
    state = [(topic, number) for topic, number in places(settings, REPORT)]
    everything = [*journal, *state, *((watch, number) for _, number in state)]
    counted = _Counted(progress, starts(admin, everything), ends(admin, everything))
    positions = partition_states(settings, contracts)
    result = Verification()
    for (name, number), report in zip(journal, state, strict=True):
        steps = counted.part([report, (watch, number)]), counted.part([(name, number)])
        for _ in range(ATTEMPTS):
            audit = Audit(positions.get(number), shortened=counted.first[name, number] > 0)
            _read(settings, contracts, number, audit, steps)
            if not audit.overtaken:
                break
            positions = partition_states(settings, contracts)
        result += audit.result()
    return result


def _read(
    settings: Settings, contracts: Contracts, number: int, audit: Audit, steps: tuple[Progress, Progress]
) -> None:
    """Give an audit a partition's state, then its journal."""
    journal, report, watch = (Names(settings.prefix).of(topic) for topic in (JOURNAL, REPORT, WATCH))
    rows: dict[str, dict[str, bytes]] = {report: {}, watch: {}}
    for message in read_all(settings, [(topic, number) for topic in rows], progress=steps[0]):
        put(rows[message.topic() or ""], message)
    for topic, values in rows.items():
        for key, value in values.items():
            audit.put(contracts, key, value, watch=topic == watch)
    for message in read_all(settings, [(journal, number)], progress=steps[1]):
        audit.take(contracts.read_entry(message.value() or b""))


class _Counted:
    """One progress over many sweeps, in offsets."""

    def __init__(self, progress: Progress | None, first: dict[Place, int], last: dict[Place, int]) -> None:
        self.first = first
        self._progress = progress
        self._expected = {place: last[place] - first[place] for place in first}
        self._done = 0

    def part(self, where: list[Place]) -> Progress:
        """Return the progress of one sweep; the sweeps before it count as done."""
        base, share = self._done, sum(self._expected[place] for place in where)
        self._done += share

        def told(done: int, _: int) -> None:
            if self._progress is not None:
                self._progress(base + min(done, share), sum(self._expected.values()))

        return told
