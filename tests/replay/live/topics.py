"""A partition's topics in memory, written by the real worker's partition, and an auditor that reads them.

No broker: who reads what, and when, is the test's to say. Inputs are drawn from a seed: a few products, every
kind of input, many of them in the same millisecond, deadlines as they fall due.
"""

from collections import defaultdict
from collections.abc import Iterable
from random import Random

from prometheus_client import CollectorRegistry

from qosresolve.contracts import headers as head
from qosresolve.core.inputs import Deadline, Repair
from qosresolve.core.repair import UNREADABLE
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import DegradationKind, Severity, Verb
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.outputs import Output
from qosresolve.replay.live.findings import Told
from qosresolve.replay.live.following import Following, Phase
from qosresolve.replay.live.partition import PartitionAudit
from qosresolve.replay.live.store import Store, Writer
from qosresolve.replay.reports import split
from qosresolve.telemetry.metrics import AuditorMetrics
from qosresolve.topics import JOURNAL, PARTITION, REPORT, WATCH, Topic
from tests.core.builders import DAY, HOUR, MINUTE, MONDAY
from tests.kafka.bench import HERE, NAMES, Bench, products
from tests.kafka.harness import RECORDS, command, degradation

READ = (JOURNAL, REPORT, WATCH, PARTITION)
*PRODUCTS, VICTIM = products(5)  # nothing happens to the last but what a test does
_STEPS = (0, 0, 0, 0, 0, 1, MINUTE, 10 * MINUTE, HOUR, DAY, 8 * DAY)
_SEVERITIES = (Severity.WARNING, Severity.MAJOR, Severity.CRITICAL)
_VERBS = (Verb.ACKNOWLEDGE, Verb.NOTE, Verb.CANCEL, Verb.RESTORE, Verb.CLEAR, Verb.CLOSE)


class Log:
    """The four topics of one partition, and the worker that writes them."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now = MONDAY
        self.bench = Bench(clock=lambda: self.now)
        self.rows: dict[Topic, list[Output]] = {topic: [] for topic in READ}
        self.gone: set[tuple[Topic, int]] = set()  # offsets that compaction removed
        self.armed: dict[tuple[str, str], head.Alarm] = {}
        self._sequence = 0

    def work(self, inputs: int) -> None:
        """Let the worker take some drawn inputs in one transaction."""
        for _ in range(inputs):
            self._input()
        self.write(self.commit())

    def commit(self) -> list[Output]:
        """Return what the worker writes for the inputs that it has taken."""
        partition = self.bench.partition
        partition.asked(dict.fromkeys(partition.backlog, 0))
        partition.settle(0.0)
        return self.bench.commit() if partition.staged else []

    def open(self, product: str = VICTIM) -> Report:
        """Open a report, in a transaction of its own."""
        self.sample(product, kind=DegradationKind.RAISE, severity=Severity.CRITICAL, indicator="latency")
        self.write(self.commit())
        report = self.bench.partition.store.get(product).open
        assert report is not None
        return report

    def write(self, outputs: Iterable[Output]) -> None:
        """Append records, as a transaction does."""
        for output in outputs:
            topic = NAMES.topic(output.topic)
            if topic in self.rows:
                self.rows[topic].append(output)
                self._arm(topic, output)

    def compact(self) -> None:
        """Remove what a later record of the same key replaces, as the log cleaner does."""
        for topic in (REPORT, WATCH, PARTITION):
            last = {row.key: offset for offset, row in enumerate(self.rows[topic])}
            self.gone |= {(topic, at) for at in range(len(self.rows[topic]))} - {
                (topic, offset) for offset in last.values()
            }

    def _arm(self, topic: Topic, output: Output) -> None:
        name = name_of(topic, output)
        alarm = head.read_alarm(list(output.headers)) if topic in (REPORT, WATCH) else None
        if alarm is not None and output.value is not None:
            self.armed[name] = alarm
        elif topic in (REPORT, WATCH):
            self.armed.pop(name, None)

    def _input(self) -> None:
        self.now += self.random.choice(_STEPS)
        due = [name for name, alarm in self.armed.items() if alarm.due <= self.now and name[0] in PRODUCTS]
        if due and self.random.random() < 0.7:
            self.fire(*self.random.choice(due))
        elif self.random.random() < 0.8:
            self.sample(self.random.choice(PRODUCTS))
        else:
            self.order(self.random.choice(PRODUCTS), self.random.choice(_VERBS))

    def fire(self, product: str, report: str = "") -> None:
        """Take the deadline of an alarm, as the timer sends it."""
        alarm = self.armed[product, report]
        self.bench.take(self.bench.record(Deadline(product, report, alarm.alarm, alarm.due)))

    def sample(self, product: str, **changes: object) -> None:
        """Take an event of the monitoring; what the test does not say is drawn."""
        self._sequence += 1
        drawn: dict[str, object] = {
            "kind": self.random.choice([*DegradationKind]),
            "indicator": self.random.choice(("latency", "jitter", "loss")),
            "severity": self.random.choice(_SEVERITIES),
            "observed_at": self.now,
            "event_id": f"event-{self._sequence}",
            "sequence": self._sequence,
        }
        self.bench.take(self.bench.record(degradation(product, **(drawn | changes))))  # type: ignore[arg-type]

    def order(self, product: str, verb: Verb) -> None:
        """Take an operator's command."""
        self._sequence += 1
        reason = "falseAlarm" if verb is Verb.CANCEL else "because"
        order = command(
            product, verb, command_id=f"c{self._sequence}", role="operator", reason=reason, issued_at=self.now
        )
        self.bench.take(self.bench.record(order))

    def repair(self, product: str, report_id: str, right: Report | None) -> None:
        """Take the order to set a report to what its journal says; the worker holds that already."""
        asked = Repair(right, UNREADABLE)
        order = command(product, Verb.REPAIR, role="operator", report_id=report_id, repair=asked)
        self.bench.take(self.bench.record(order))


def name_of(topic: Topic, output: Output) -> tuple[str, str]:
    """Return what a record of a state topic is about."""
    key = (output.key or b"").decode()
    return split(key) if topic is REPORT else (key, "")


class Reader:
    """An auditor's partition that reads a log: which topic goes on by how much is told by the test."""

    def __init__(self, log: Log, cached: int = 100) -> None:
        self.log = log
        self.registry = CollectorRegistry()
        store = Store(RECORDS, Writer(), cached)
        self.metrics = AuditorMetrics(self.registry)
        self.audit = PartitionAudit(HERE, RECORDS, store, Told(self.metrics))
        self.following = Following(self.audit, NAMES)
        self.at: dict[Topic, int] = dict.fromkeys(READ, 0)
        self.now = 0.0  # seconds that pass for the reader
        self.waits = True  # off: a point counts as reached when it is asked for

    def read(self, topic: Topic, count: int = 1_000_000) -> None:
        """Take the next records of a topic."""
        if topic is JOURNAL and not self.following.reads_journal:
            return
        rows = self.log.rows[topic]
        for offset in range(self.at[topic], min(len(rows), self.at[topic] + count)):
            if (topic, offset) not in self.log.gone:
                self._take(topic, rows[offset], offset)
            self.at[topic] = offset + 1
        self.following.reach((NAMES.of(topic), HERE), self.at[topic])

    def _take(self, topic: Topic, row: Output, offset: int) -> None:
        if topic is JOURNAL:
            self.audit.entry(row.value or b"", offset)
        elif topic is PARTITION:
            self.audit.positions(row.value, offset)
        else:
            alarm = head.read_alarm(list(row.headers))
            self.audit.record(name_of(topic, row), row.value, alarm, offset)

    def point(self) -> None:
        """Conclude what can be, and ask for the next point."""
        following = self.following
        if not self.waits and following.live:
            for place in following.pending:
                following.reach(place, len(self.log.rows[NAMES.topic(place[0])]))
        following.settle(self.now)
        if following.wants_point(self.now, 0.0):
            ends: dict[Place, int] = {
                (NAMES.of(topic), HERE): len(rows) for topic, rows in self.log.rows.items()
            }
            if following.phase is Phase.FRESH:
                following.start_at(ends[following.journal])
            following.aim(ends, self.now)
            if following.phase is Phase.OVERLAP:
                self.at[JOURNAL] = following.begin_journal()

    def catch_up(self) -> None:
        """Read everything, to a point beyond which nothing lies."""
        for _ in range(8):
            self.point()
            for topic in READ:
                self.read(topic)

    def found(self, kind: str) -> float:
        """Return how often something was found."""
        return self.registry.get_sample_value("qosresolve_audit_mismatches_total", {"kind": kind}) or 0.0

    def findings(self) -> dict[str, float]:
        """Return everything that was found, by kind."""
        totals: dict[str, float] = defaultdict(float)
        for family in self.registry.collect():
            for sample in family.samples:
                if sample.name == "qosresolve_audit_mismatches_total" and sample.value:
                    totals[sample.labels["kind"]] += sample.value
        return dict(totals)
