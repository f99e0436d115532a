"""Sending deadlines: an idempotent producer, replaced when it can go on no more.

Whatever becomes of a deadline, its alarm is told. What was sent twice is harmless, so a producer that failed
for good is replaced and what it held is sent again; when that does not help, somebody has to look.
"""

import time
from collections import deque
from collections.abc import Callable

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Deadline
from qosresolve.errors import FatalError
from qosresolve.kafka import clients
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.alarms import Alarm
from qosresolve.kafka.denied import DeniedError, denial
from qosresolve.settings import Settings
from qosresolve.telemetry.metrics import TimerMetrics
from qosresolve.topics import DEADLINE, Names

REBUILDS_PER_MINUTE = 10
FLUSH_S = 5.0
TELL_S = 1.0  # between two lines about what was not delivered
Delivered = Callable[[Message | None], None]


class Deadlines:
    """The timer's producer."""

    def __init__(self, settings: Settings, contracts: Contracts, metrics: TimerMetrics) -> None:
        self._settings = settings
        self._contracts = contracts
        self._metrics = metrics
        self._topic = Names(settings.prefix).of(DEADLINE)
        self._producer: Producer = clients.plain_producer(settings)
        self._rebuilt: deque[float] = deque(maxlen=REBUILDS_PER_MINUTE)
        self._undelivered = 0
        self._told_at = float("-inf")
        self._last_error = ""
        self._broken = False
        self._refused: DeniedError | None = None
        self._log = structlog.get_logger(role="timer")

    def send(self, number: int, alarm: Alarm, delivered: Delivered) -> bool:
        """Send one to a partition; False where that is not possible now, and nothing was sent.

        `delivered` gets the record as it lies on the topic, or None where it does not.
        """
        product, report = alarm.names
        _, value = self._contracts.write_input(Deadline(product, report, alarm.number, alarm.due))

        def told(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self._failed(error)
            delivered(None if error is not None else message)

        try:
            self._producer.produce(self._topic, value, product.encode(), number, on_delivery=told)
        except BufferError:
            return False
        except KafkaException as error:
            self._failed(error.args[0])
            return False
        return True

    def _failed(self, error: KafkaError) -> None:
        self._metrics.undelivered.inc()  # it stays unsettled, so it is sent again
        self._undelivered += 1
        self._last_error = str(error)
        self._refused = self._refused or denial(error, self._topic, Operation.WRITE)
        self._broken = self._broken or error.fatal() or error.code() == KafkaError._FATAL  # noqa: SLF001

    def poll(self) -> None:
        """Serve delivery reports. Raises FatalError when replacing the producer does not help."""
        self._serve(self._producer.poll)
        if self._refused is not None:
            raise self._refused
        if self._broken:
            self._replace()
        if self._undelivered and time.monotonic() - self._told_at >= TELL_S:
            self._told_at = time.monotonic()
            self._log.warning("deadlines not delivered", count=self._undelivered, error=self._last_error)
            self._undelivered = 0

    def _serve(self, call: Callable[[float], object]) -> None:
        """Let delivery reports come in. A producer that failed for good says so here too, once."""
        try:
            call(0)
        except KafkaException as error:
            self._failed(error.args[0])

    def _replace(self) -> None:
        now = time.monotonic()
        if len(self._rebuilt) == REBUILDS_PER_MINUTE and now - self._rebuilt[0] < 60:
            raise FatalError(
                f"{REBUILDS_PER_MINUTE} producers of the timer replaced within a minute, last because "
                f"{self._last_error}; see docs/runbooks/timer-cannot-send.md"
            )
        self._rebuilt.append(now)
        self._metrics.rebuilds.inc()
        self._log.warning("producer replaced", error=self._last_error)
        self._producer.purge()
        self._serve(self._producer.flush)  # tells every alarm that it was not delivered
        self._producer = clients.plain_producer(self._settings)
        self._broken = False

    def close(self) -> None:
        """Send what is queued, for a bounded time, and let go."""
        try:
            self._producer.flush(FLUSH_S)
        except KafkaException as error:  # what is still there is fired by whoever comes next
            self._log.warning("deadlines not delivered", error=str(error.args[0]))
