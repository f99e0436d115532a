"""The transactional producer of a command: one at a time writes, and who comes later ends who came before.

A command has no batch to take again: what fails is told in its own words, and its caller runs it again. The
worker's producer, which goes on by itself, is `transaction`.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from confluent_kafka import KafkaError, KafkaException, Message

from qosresolve.errors import RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.failures import Failure, classify
from qosresolve.kafka.offsets import patiently
from qosresolve.kafka.outputs import Output
from qosresolve.settings import Settings
from qosresolve.telemetry.log import LibrdkafkaLog

CALL_S = 10.0  # one call's own time-out; the whole is bounded by the transaction's
WAIT_S = 0.05
Delivered = Callable[[KafkaError | None, Message], None]
Done = TypeVar("Done")


class SoleWriter(ABC):
    """Writes in transactions under its settings' slot. Enter it before reading what is written about."""

    def __init__(self, settings: Settings) -> None:
        self._limit_s = settings.transaction_timeout_ms / 1_000
        self._end = 0.0
        self._producer = clients.transactional_producer(settings, LibrdkafkaLog().logger)

    @abstractmethod
    def meaning(self, error: KafkaError, *, committing: bool) -> Exception:
        """Return what to raise for an error; `committing` once a commit was asked for."""

    def __enter__(self) -> Self:
        """Fence whoever else is at it, and end what they left open. Raises RetriableError, or its meaning."""
        patiently(self._fence)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._producer.purge()
        self._producer.flush(0)

    def _fence(self) -> None:
        try:
            self._producer.init_transactions(CALL_S)
        except KafkaException as failure:
            error: KafkaError = failure.args[0]
            if error.retriable():
                raise RetriableError(f"cannot start a transaction: {error.str()}") from None
            raise self.meaning(error, committing=False) from None

    def transact(self, work: Callable[[], Done]) -> Done:
        """Do `work`, which sends, in a transaction: readers see all of it or nothing. Raises its meaning."""
        self._end = time.monotonic() + self._limit_s
        committing = False
        try:
            self._producer.begin_transaction()
            done = work()
            committing = True
            self.until(self._producer.commit_transaction)
        except KafkaException as failure:
            error: KafkaError = failure.args[0]
            if classify(error, committing=committing) is not Failure.FENCED:
                self._abort()
            raise self.meaning(error, committing=committing) from None
        except BaseException:
            self._abort()
            raise
        return done

    def send(self, output: Output, delivered: Delivered | None = None) -> None:
        """Produce a record within `transact`. Raises KafkaException, also where brokers take none."""
        more: dict[str, Any] = {} if delivered is None else {"on_delivery": delivered}
        headers = cast("Any", output.headers)
        while True:
            try:
                self._producer.produce(
                    output.topic,
                    output.value,
                    output.key,
                    partition=output.partition,
                    headers=headers,
                    **more,
                )
            except BufferError as error:
                if time.monotonic() > self._end:
                    raise KafkaException(KafkaError(KafkaError._QUEUE_FULL)) from error  # noqa: SLF001
                self._producer.poll(WAIT_S)
            else:
                break
        self._producer.poll(0)

    def flush(self, seconds: float) -> int:
        """Wait until what was sent is acknowledged; return of how many records nothing was heard by then."""
        return self._producer.flush(seconds)

    def send_offsets(self, offsets: list[Any], group: object) -> None:
        """Let offsets of a group go with what was sent, within `transact`. Raises KafkaException."""
        self.until(lambda wait: self._producer.send_offsets_to_transaction(offsets, group, wait))

    def until(self, call: Callable[[float], None]) -> None:
        """Repeat a call while it is retriable, in the transaction's time."""
        while True:
            try:
                return call(CALL_S)
            except KafkaException as failure:
                if not failure.args[0].retriable() or time.monotonic() > self._end:
                    raise
            self._producer.poll(WAIT_S)

    def _abort(self) -> None:
        """End the transaction where that is possible; else its time ends it, or who comes next."""
        try:
            self._producer.abort_transaction(CALL_S)
        except KafkaException:
            self._producer.purge()
