"""What a committed batch of intake means for metrics and the log: one line a batch, one a dead letter.

Names that others wrote make no labels, but for a few sources whose clock is off.
"""

import time
from collections.abc import Collection, Mapping

import structlog

from qosresolve.intake.skew import Clocks
from qosresolve.kafka.intake.partition import Partition
from qosresolve.kafka.intake.staging import Staging
from qosresolve.kafka.intake.tally import Tally
from qosresolve.telemetry.metrics import IntakeMetrics

MOST_REASONS = 50  # reasons to ignore that are told apart
MOST_SOURCES = 20  # sources whose skew is told apart
OTHER = "other"
TELL_S = 60.0  # between two lines about clocks
MOST_LINES = 20  # about dead letters, of one batch: a flood of garbage is told by its number


class Observer:
    """Tells what was committed."""

    def __init__(self, metrics: IntakeMetrics, clocks: Clocks) -> None:
        self._metrics = metrics
        self._clocks = clocks
        self._log = structlog.get_logger(role="intake")
        self._reasons: set[str] = set()
        self._told: set[str] = set()  # sources that have a gauge
        self._looked_at = self._told_at = time.monotonic()

    def committed(self, partition: Partition, staging: Staging, wall_ms: int) -> None:
        """Count and log one partition's part of a committed batch."""
        tally, metrics = staging.tally, self._metrics
        for name, count in tally.read.items():
            metrics.records.labels(name).inc(count)
        for channel, count in tally.replies.items():
            metrics.replies.labels(channel).inc(count)
        for reason, count in tally.parked.items():
            metrics.parked.labels(reason).inc(count)
        for result, count in tally.retried.items():
            metrics.retried.labels(result).inc(count)
        for reason, count in tally.ignored.items():
            metrics.ignored.labels(self._known(reason)).inc(count)
        metrics.events.inc(tally.emitted)
        metrics.folded.inc(tally.folded)
        metrics.unparked.inc(tally.unparked)
        metrics.given_up.inc(tally.given_up)
        metrics.clock_off.inc(tally.clock_off)
        if tally.newest:
            metrics.behind.set(max(0, wall_ms - tally.newest) / 1000)
        metrics.skipped.inc(partition.skipped)
        partition.skipped = 0
        self._buried(tally)

    def _known(self, reason: str) -> str:
        if len(self._reasons) < MOST_REASONS:
            self._reasons.add(reason)
        return reason if reason in self._reasons else OTHER

    def _buried(self, tally: Tally) -> None:
        for buried in tally.buried:
            self._metrics.dead_letters.labels(buried.stage).inc()
        for buried in tally.buried[:MOST_LINES]:
            self._log.warning(
                "dead letter",
                topic=buried.topic,
                partition=buried.partition,
                offset=buried.offset,
                stage=buried.stage,
                error=buried.error if buried.stage == "step" else buried.error.split(":")[0][:80],
            )
        if len(tally.buried) > MOST_LINES:
            self._log.warning("more dead letters", count=len(tally.buried) - MOST_LINES)

    def batch(self, records: int, outputs: int, seconds: float) -> None:
        """Log one committed batch."""
        self._log.debug("batch", records=records, outputs=outputs, ms=round(seconds * 1000, 1))

    def started(self, partition: Partition) -> None:
        """Log that a partition begins to take records."""
        self._log.info(
            "partition ready",
            partition=partition.number,
            foreign=len(partition.positions),
            parked=len(partition.lot),
        )

    def held(self, partitions: Collection[Partition], relations: int, wall_ms: int) -> None:
        """Set the gauges of what is held, once a second."""
        now = time.monotonic()
        if now - self._looked_at < 1:
            return
        self._looked_at = now
        ready = sum(partition.ready for partition in partitions)
        self._metrics.partitions.labels("ready").set(ready)
        self._metrics.partitions.labels("restoring").set(len(partitions) - ready)
        self._metrics.waiting.set(sum(len(partition.lot) for partition in partitions))
        oldest = min((at for item in partitions if (at := item.lot.oldest) is not None), default=wall_ms)
        self._metrics.oldest.set(max(0, wall_ms - oldest) / 1000)
        self._metrics.inventory.set(relations)
        self._skewed(self._clocks.wrong(), now)

    def _skewed(self, wrong: Mapping[str, int], now: float) -> None:
        """Give the worst sources a gauge each, the others one together."""
        apart = dict(list(wrong.items())[:MOST_SOURCES])
        rest = list(wrong.values())[MOST_SOURCES:]
        shown = apart | ({OTHER: rest[0]} if rest else {})
        for source in self._told - shown.keys():
            self._metrics.skew.remove(source)
        for source, skew in shown.items():
            self._metrics.skew.labels(source).set(skew / 1000)
        self._told = set(shown)
        self._metrics.sources_off.set(len(wrong))
        if wrong and now - self._told_at >= TELL_S:
            self._told_at = now
            self._log.warning(
                "clocks of sources are off",
                sources=len(wrong),
                worst_s=round(next(iter(wrong.values())) / 1000, 1),
                runbook="docs/runbooks/source-clock.md",
            )
