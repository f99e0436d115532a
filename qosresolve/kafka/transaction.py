"""Transactions: all outputs of a batch and its offsets, or nothing.

A producer that saw a failed transaction, or an ambiguous time-out inside one, is replaced before the next:
the new `init_transactions` resolves what is open under our id and fences every late request of the old one.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, cast

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from qosresolve.errors import FatalError, FencedError, QosResolveError
from qosresolve.kafka import clients
from qosresolve.kafka.outputs import Output
from qosresolve.settings import Settings
from qosresolve.telemetry.log import LibrdkafkaLog
from qosresolve.telemetry.metrics import WorkerMetrics

CALL_S = 5.0  # one call's own time-out; the whole is bounded by `_deadline_s`
REBUILDS_PER_MINUTE = 10
_FENCED = (
    KafkaError._FENCED,  # noqa: SLF001 - the client's own constant
    KafkaError.INVALID_PRODUCER_EPOCH,
    KafkaError.PRODUCER_FENCED,
)


class AbortedError(QosResolveError):
    """The transaction had no effect: rewind and take the batch again."""


class OutcomeUnknownError(QosResolveError):
    """The transaction may or may not have committed: restore what it touched from the log."""


class Transactions:
    """The worker's one transactional producer."""

    def __init__(self, settings: Settings, metrics: WorkerMetrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._log = structlog.get_logger(role="worker")
        self._lines = LibrdkafkaLog()
        self._deadline_s = settings.transaction_timeout_ms / 1000
        self._rebuilt: deque[float] = deque(maxlen=REBUILDS_PER_MINUTE)
        self._producer = self._open()

    def poll(self) -> None:
        """Serve delivery reports and log lines."""
        self._producer.poll(0)

    def commit(
        self, outputs: Iterable[Output], offsets: list[TopicPartition], metadata: Callable[[], Any]
    ) -> None:
        """Commit one batch. `metadata` gives the group's metadata afresh: the generation is the fence.

        Raises AbortedError, OutcomeUnknownError, FencedError or FatalError; the producer is usable after the
        first two.
        """
        began = time.monotonic()
        committing = False
        try:
            self._producer.begin_transaction()
            for output in outputs:
                self._produce(output)
            group = metadata()
            self._until(lambda: self._producer.send_offsets_to_transaction(offsets, group, CALL_S))
            committing = True
            self._until(lambda: self._producer.commit_transaction(CALL_S))
        except KafkaException as error:
            self._failed(error.args[0], committing=committing)
        self._metrics.transactions.labels("committed").inc()
        self._metrics.transaction_seconds.observe(time.monotonic() - began)
        self._metrics.last_commit.set_to_current_time()
        ambiguous = self._lines.take()
        if ambiguous:
            self._rebuild("ambiguous", ambiguous)

    def _produce(self, output: Output) -> None:
        while True:
            try:
                self._producer.produce(
                    output.topic,
                    output.value,
                    output.key,
                    partition=output.partition,
                    headers=cast("Any", output.headers),
                )
            except BufferError:
                self._producer.poll(0.05)
            else:
                return

    def _until(self, call: Callable[[], None]) -> None:
        """Repeat a call while it is retriable, within our own deadline: the client's may be infinite."""
        end = time.monotonic() + self._deadline_s
        while True:
            try:
                return call()
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() >= end:
                    raise

    def _failed(self, error: KafkaError, *, committing: bool) -> None:
        if error.code() in _FENCED:
            raise FencedError(self._fenced(error)) from None
        if error.fatal():
            raise FatalError(f"the producer cannot go on: {error}") from None
        if error.txn_requires_abort() or not committing:
            self._abort()
            self._metrics.transactions.labels("aborted").inc()
            self._rebuild("aborted", str(error))
            raise AbortedError(str(error)) from None
        self._metrics.transactions.labels("unknown").inc()
        self._rebuild("unknown", str(error))
        raise OutcomeUnknownError(str(error)) from None

    def _fenced(self, error: KafkaError) -> str:
        identity = clients.transactional_id(self._settings)
        return (
            f"transactional id {identity} was taken over ({error}): another process runs in slot "
            f"{self._settings.slot!r}, or a transaction took longer than transaction_timeout_ms "
            f"({self._settings.transaction_timeout_ms}). Give every worker its own slot."
        )

    def _abort(self) -> None:
        try:
            self._producer.abort_transaction(CALL_S)
        except KafkaException as error:  # the rebuild resolves it
            self._log.warning("abort failed", error=str(error))

    def _rebuild(self, reason: str, detail: str) -> None:
        now = time.monotonic()
        if len(self._rebuilt) == REBUILDS_PER_MINUTE and now - self._rebuilt[0] < 60:
            raise FatalError(
                f"{REBUILDS_PER_MINUTE} producers replaced within a minute, last because {detail}; look at "
                "the brokers' health, the transaction coordinator and ACLs of the transactional id"
            )
        self._rebuilt.append(now)
        self._metrics.rebuilds.labels(reason).inc()
        self._log.warning("producer replaced", reason=reason, detail=detail[:500])
        self.close()
        self._producer = self._open()

    def _open(self) -> Producer:
        producer = clients.transactional_producer(self._settings, self._lines.logger)
        end = time.monotonic() + max(60.0, 2 * self._deadline_s)
        while True:
            try:
                producer.init_transactions(CALL_S)
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() >= end:
                    raise FatalError(f"cannot start transactions: {error.args[0]}") from None
            else:
                self._lines.take()
                return producer

    def close(self) -> None:
        """Drop what is queued and let go."""
        self._producer.purge()
        self._producer.flush(0)
