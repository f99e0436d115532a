"""Transactions: all outputs of a batch and its offsets, or nothing.

A producer that saw a failed transaction, or a request of unknown fate, is replaced before the next begins:
the new `init_transactions` resolves what is open under our id and fences every late request of the old one.
What an error means is decided in `failures`.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, cast

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from qosresolve.errors import FatalError, FencedError, QosResolveError, RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.kafka.failures import Failure, classify, never_joined, of_group, out_of_time
from qosresolve.kafka.offsets import patiently
from qosresolve.kafka.outputs import Output
from qosresolve.settings import Settings
from qosresolve.telemetry.log import LibrdkafkaLog
from qosresolve.telemetry.metrics import TransactionMetrics

CALL_S = 5.0  # one call's own time-out; the whole is bounded by the transaction's
RETRY_S = 0.05
START_S = 60.0  # how long brokers may be away when a worker starts
REBUILDS_PER_MINUTE = 10
PAUSES_S = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0)  # after the first failure in a row, the second...
GROUP_PAUSE_S = 1.0  # at most, where the group is busy and nobody is ill
_PAGE = "docs/runbooks/transactions-failing.md"


class AbortedError(QosResolveError):
    """The transaction had no effect: rewind and take the batch again."""


class OutcomeUnknownError(QosResolveError):
    """The transaction may or may not have committed: restore what it touched from the log."""


class Transactions:
    """A role's one transactional producer."""

    def __init__(self, settings: Settings, metrics: TransactionMetrics, role: str = "worker") -> None:
        self._settings = settings
        self._metrics = metrics
        self._log = structlog.get_logger(role=role)
        self._lines = LibrdkafkaLog()
        self._limit_s = settings.transaction_timeout_ms / 1000
        self._began = time.monotonic()
        self._rebuilt: deque[float] = deque(maxlen=REBUILDS_PER_MINUTE)
        self._failures = 0  # in a row
        self.pause_s = 0.0  # how long to wait before the batch is taken again
        self._opening: Producer | None = None
        self._producer: Producer | None = patiently(self._open, START_S)
        metrics.slot.labels(settings.slot).set(1)

    def poll(self) -> None:
        """Hear what the client has to say, and replace a producer that is not to begin again.

        Raises RetriableError while brokers do not answer, FencedError and FatalError.
        """
        self._ready()

    def commit(
        self, outputs: Iterable[Output], offsets: list[TopicPartition], metadata: Callable[[], Any]
    ) -> None:
        """Commit one batch. `metadata` gives the group's metadata afresh: the generation is the fence.

        Raises AbortedError or OutcomeUnknownError, after which the next may be tried; RetriableError while
        brokers do not answer; FencedError and FatalError.
        """
        producer = self._ready()
        began = self._began = time.monotonic()
        committing = False
        try:
            producer.begin_transaction()
            self._produce(producer, outputs)
            self._listen(producer)
            group = metadata()
            if never_joined(group):
                self._abort(producer)
                self._aborted("group", "the group's metadata is of before the first join")
            self._until(producer, lambda wait: producer.send_offsets_to_transaction(offsets, group, wait))
            committing = True
            self._until(producer, producer.commit_transaction)
        except KafkaException as error:
            self._failed(producer, error.args[0], committing=committing)
        self._failures, self.pause_s = 0, 0.0
        self._metrics.transactions.labels("committed").inc()
        self._metrics.transaction_seconds.observe(time.monotonic() - began)
        self._metrics.last_commit.set_to_current_time()

    def _produce(self, producer: Producer, outputs: Iterable[Output]) -> None:
        produce = producer.produce
        for output in outputs:
            headers = cast("Any", output.headers)
            while True:
                try:
                    produce(
                        output.topic, output.value, output.key, partition=output.partition, headers=headers
                    )
                except BufferError as error:
                    if self._left() <= 0:
                        raise KafkaException(KafkaError(KafkaError._QUEUE_FULL)) from error  # noqa: SLF001
                    producer.poll(RETRY_S)
                else:
                    break

    def _listen(self, producer: Producer) -> None:
        """Abort when a connection broke meanwhile.

        Was it the one to the group's coordinator, then sending offsets would wait for ever, whoever is the
        coordinator by now: the client keeps the old one in mind (librdkafka issues 5456, 5511).
        """
        producer.poll(0)
        broken = self._lines.take()
        if broken:
            self._abort(producer)
            self._aborted("ambiguous", broken)

    def _left(self) -> float:
        """Return how many seconds the broker still gives to this transaction."""
        return self._began + self._limit_s - time.monotonic()

    def _until(self, producer: Producer, call: Callable[[float], None]) -> None:
        """Repeat a call while it is retriable, in the transaction's time: the client's may be infinite."""
        while True:
            left = self._left()
            try:
                return call(min(CALL_S, max(left, RETRY_S)))
            except KafkaException as error:
                if not error.args[0].retriable() or left <= 0:
                    raise
            producer.poll(RETRY_S)

    # -- failures

    def _failed(self, producer: Producer, error: KafkaError, *, committing: bool) -> NoReturn:
        """Do what the class of an error asks for, and raise what the worker has to know."""
        error = _told(producer, error)
        match out_of_time(classify(error, committing=committing), committing=committing):
            case Failure.FENCED:
                self._metrics.transactions.labels("fenced").inc()
                raise FencedError(self._fenced(error)) from None
            case Failure.FATAL:
                self._abort(producer)  # where that is possible: else it stays open for its whole time
                raise_if_denied(error)
                raise FatalError(f"the producer cannot go on: {error}; see {_PAGE}") from None
            case Failure.UNKNOWN:
                self._metrics.transactions.labels("unknown").inc()
                self._give_up("unknown", str(error))
                raise OutcomeUnknownError(str(error)) from None
            case _:
                self._abort(producer)
                self._aborted("group" if of_group(error) else "aborted", str(error))

    def _aborted(self, reason: str, detail: str) -> NoReturn:
        self._metrics.transactions.labels("aborted").inc()
        self._give_up(reason, detail)
        raise AbortedError(detail) from None

    def _give_up(self, reason: str, detail: str) -> None:
        """Count a failure: the more there are in a row, the longer the pause."""
        pause_s = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
        self.pause_s = min(pause_s, GROUP_PAUSE_S) if reason == "group" else pause_s
        self._failures += 1
        self._discard(reason, detail)

    def _abort(self, producer: Producer) -> None:
        """End the transaction; what is left of it, the next producer resolves. Raises FencedError."""
        try:
            producer.abort_transaction(CALL_S)
        except KafkaException as failure:
            error: KafkaError = failure.args[0]
            if classify(error, committing=False) is Failure.FENCED:  # a new producer would fence the rival
                raise FencedError(self._fenced(error)) from None
            self._log.warning("abort failed", error=str(error))

    def _fenced(self, error: KafkaError) -> str:
        settings, took_s = self._settings, time.monotonic() - self._began
        if took_s >= self._limit_s:
            why = (
                f"this transaction took {took_s:.1f} s, longer than transaction_timeout_ms "
                f"({settings.transaction_timeout_ms}), so the brokers ended it"
            )
        else:
            why = (
                f"another process runs in slot {settings.slot!r} (this transaction took {took_s:.1f} s: it "
                "did not time out). Give every worker its own slot"
            )
        return (
            f"transactional id {clients.transactional_id(settings)} was taken over ({error}): {why}; see "
            "docs/runbooks/slot-taken-over.md"
        )

    # -- producers

    def _ready(self) -> Producer:
        """Return a producer that may begin, a new one where the last failed or heard of an unknown fate."""
        self._began = time.monotonic()
        if self._producer is None:
            self._producer = self._open()
        try:
            self._producer.poll(0)  # what happened since, the end of the last transaction included
        except KafkaException as error:
            self._failed(self._producer, error.args[0], committing=False)
        ambiguous = self._lines.take()
        if ambiguous:
            self._discard("ambiguous", ambiguous)
            self._producer = self._open()
        return self._producer

    def _discard(self, reason: str, detail: str) -> None:
        """Let go of the producer: its successor resolves what it left. There are only so many a minute."""
        if reason != "group":  # a group that is busy says nothing of the brokers' health
            self._spend(detail)
        self._metrics.rebuilds.labels(reason).inc()
        self._log.warning("producer replaced", reason=reason, detail=detail[:500])
        self.close()

    def _spend(self, detail: str) -> None:
        now = time.monotonic()
        if len(self._rebuilt) == REBUILDS_PER_MINUTE and now - self._rebuilt[0] < 60:
            raise FatalError(
                f"{REBUILDS_PER_MINUTE} producers replaced within a minute, last because {detail}; look at "
                "the brokers' health, the transaction coordinator and ACLs of the transactional id; see "
                "docs/runbooks/transactions-failing.md"
            )
        self._rebuilt.append(now)

    def _open(self) -> Producer:
        """Return a new producer, what was open under our id resolved. Raises RetriableError, FatalError."""
        producer = self._opening = self._opening or self._made()
        try:
            producer.init_transactions(CALL_S)
        except KafkaException as failure:
            error: KafkaError = failure.args[0]
            why = f"cannot start transactions as {clients.transactional_id(self._settings)}: {error}"
            if error.retriable():  # goes on with the same producer: init_transactions is taken up again
                raise RetriableError(f"{why}; see docs/runbooks/dependency-down.md") from None
            self._opening = None
            raise_if_denied(error)
            if classify(error, committing=False) is Failure.FENCED:
                raise FencedError(self._fenced(error)) from None
            raise FatalError(f"{why}; see {_PAGE}") from None
        self._opening = None
        return producer

    def _made(self) -> Producer:
        self._lines = LibrdkafkaLog()
        # The level at which a connection that broke with a request under way is told of.
        heard = self._settings.kafka | {"log_level": "6", "log.connection.close": "true"}
        settings = self._settings.model_copy(update={"kafka": heard})
        producer = clients.transactional_producer(settings, self._lines.logger)
        clients.connect(producer)
        return producer

    def close(self) -> None:
        """Drop what is queued and let go."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            producer.purge()
            producer.flush(0)
        except KafkaException as error:  # what it died of, once more
            self._log.info("closing the producer", error=str(error))


def _told(producer: Producer, error: KafkaError) -> KafkaError:
    """Return what is behind `_FATAL`, which is all that `produce` says of a producer that died."""
    if error.code() != KafkaError._FATAL:  # noqa: SLF001 - the client's own constant
        return error
    try:
        producer.abort_transaction(CALL_S)
    except KafkaException as told:
        return cast("KafkaError", told.args[0])
    return error
