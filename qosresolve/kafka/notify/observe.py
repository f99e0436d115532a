"""What the role tells of its work: metrics and log lines. No line holds what an escalation says."""

import time
from collections import Counter
from collections.abc import Collection

import structlog
from confluent_kafka import Message

from qosresolve.errors import PoisonRecordError
from qosresolve.kafka.notify.lane import Lane
from qosresolve.notify.answers import Answer, Came
from qosresolve.notify.call import Call
from qosresolve.telemetry.metrics import NOTIFY_STATES, PAUSED, NotifyMetrics

AGAIN_S = 60.0  # between two lines that say the same
WAITING, REFUSED = "docs/runbooks/notify-waiting.md", "docs/runbooks/notify-refused.md"


class Observer:
    """Counts, and says what changes; `receiver` is its address as it may be shown."""

    def __init__(self, metrics: NotifyMetrics, receiver: str) -> None:
        self._metrics = metrics
        self._receiver = receiver
        self._last: Answer | None = None
        self._told_at = float("-inf")
        self._log = structlog.get_logger(role="notify")

    def attempted(self, answer: Answer, seconds: float) -> None:
        """Count an attempt."""
        self._metrics.attempts.labels(str(answer.came)).inc()
        self._metrics.attempt_seconds.observe(seconds)

    def taken(self, call: Call) -> None:
        """Count an escalation that was taken."""
        action = "raise" if call.raised else "end"
        self._metrics.told.labels(action).inc()
        self._metrics.lateness.observe(max(0.0, time.time() - call.at / 1000))
        self._log.info("told", action=action, escalation=call.escalation_id, level=call.level)

    def failed(self, answer: Answer, lane: Lane, failures: int, wait_s: float) -> None:
        """Say that the receiver takes nothing: at once, when the reason changes, and now and then."""
        now = time.monotonic()
        same = self._last is not None and self._last.what == answer.what
        self._last = answer
        if same and now - self._told_at < AGAIN_S:
            return
        self._told_at = now
        say = self._log.error if answer.came is Came.SETTINGS else self._log.warning
        say(
            "escalations are not taken",
            receiver=self._receiver,
            why=answer.what,
            partition=lane.number,
            attempts=failures,
            next_in_s=round(wait_s, 1),
            runbook=WAITING,
        )

    def works(self) -> None:
        """Say that it takes them again."""
        if self._last is not None:
            self._log.info("escalations are taken again", receiver=self._receiver)
        self._last = None

    def buried(self, lane: Lane, message: Message, why: PoisonRecordError) -> None:
        """Count a dead letter, and say where the record lies."""
        self._metrics.dead_letters.labels(why.stage).inc()
        self._log.error(
            "dead letter: nobody was told of an escalation",
            partition=lane.number,
            offset=message.offset(),
            stage=why.stage,
            why=str(why),
            runbook=REFUSED,
        )

    def stopped(self, lane: Lane, why: str, page: str) -> None:
        """Say that a partition stands still until somebody has looked."""
        self._log.error(
            f"partition stopped: {why}", partition=lane.number, runbook=f"docs/runbooks/{page}.md"
        )

    def held(self, lanes: Collection[Lane], paused: Came | None) -> None:
        """Show what is held, what waits, and why nothing is taken."""
        counts = Counter(lane.state for lane in lanes)
        for state in NOTIFY_STATES:
            self._metrics.partitions.labels(state).set(counts[state])
        for why in PAUSED:
            self._metrics.paused.labels(why).set(why == paused)
        firsts = [first.timestamp()[1] for lane in lanes if (first := lane.first) is not None]
        self._metrics.waiting.set(sum(map(len, lanes)))
        self._metrics.oldest.set(max(0.0, time.time() - min(firsts) / 1000) if firsts else 0.0)
