"""Transactions of a rebuild: some records, all or none, and only while the group is ours."""

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self, cast

from confluent_kafka import KafkaError, KafkaException

from qosresolve.errors import FatalError, FencedError, QosResolveError, RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.acls import REBUILD_SLOT
from qosresolve.kafka.denied import denial
from qosresolve.kafka.failures import Failure, classify, of_group
from qosresolve.kafka.offsets import patiently
from qosresolve.kafka.outputs import Output
from qosresolve.replay.rebuild.alone import Alone
from qosresolve.settings import Settings
from qosresolve.telemetry.log import LibrdkafkaLog

CALL_S = 5.0
WAIT_S = 0.05
AGAIN = "\n  remedy: run it again: it compares first, and goes on where it ended"


class Writing:
    """The one rebuild that may write now: one that starts later ends this one."""

    def __init__(self, settings: Settings, alone: Alone | None) -> None:
        self._limit_s = settings.transaction_timeout_ms / 1_000
        self._alone = alone
        own = settings.model_copy(update={"slot": REBUILD_SLOT})
        self._producer = clients.transactional_producer(own, LibrdkafkaLog().logger)

    def __enter__(self) -> Self:
        """End what an earlier one left open. Raises RetriableError, DeniedError, FatalError."""
        patiently(self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._producer.purge()
        self._producer.flush(0)

    def _begin(self) -> None:
        try:
            self._producer.init_transactions(CALL_S)
        except KafkaException as failure:
            if failure.args[0].retriable():
                raise RetriableError(f"cannot start a transaction: {failure.args[0].str()}") from None
            raise _meaning(failure.args[0]) from None

    def commit(self, number: int, outputs: Iterable[Output]) -> None:
        """Write the records of one partition in one transaction.

        Raises FencedError where another rebuild or a worker began meanwhile, RetriableError, FatalError: the
        next run finds out what was written.
        """
        end = time.monotonic() + self._limit_s
        try:
            self._producer.begin_transaction()
            for output in outputs:
                self._produce(output, end)
            if self._alone is not None:
                self._alone.check()
                offsets, group = self._alone.offsets(number), self._alone.metadata()
                self._until(end, lambda: self._producer.send_offsets_to_transaction(offsets, group, CALL_S))
            self._until(end, lambda: self._producer.commit_transaction(CALL_S))
        except KafkaException as failure:
            self._abort()
            raise _meaning(failure.args[0]) from None
        except BaseException:
            self._abort()
            raise

    def _produce(self, output: Output, end: float) -> None:
        headers = cast("Any", output.headers)
        while True:
            try:
                self._producer.produce(
                    output.topic, output.value, output.key, partition=output.partition, headers=headers
                )
            except BufferError:
                if time.monotonic() > end:
                    raise RetriableError(f"{output.topic}: brokers take no records{AGAIN}") from None
                self._producer.poll(WAIT_S)
            else:
                return

    def _until(self, end: float, call: Callable[[], None]) -> None:
        """Repeat a call while it is retriable, in the transaction's time."""
        while True:
            try:
                return call()
            except KafkaException as failure:
                if not failure.args[0].retriable() or time.monotonic() > end:
                    raise
            self._producer.poll(WAIT_S)

    def _abort(self) -> None:
        """End the transaction where that is possible; else its time ends it, or the next rebuild."""
        try:
            self._producer.abort_transaction(CALL_S)
        except KafkaException:
            self._producer.purge()


def _meaning(error: KafkaError) -> QosResolveError:
    refused = denial(error)
    if refused is not None:
        return refused
    if of_group(error):
        return FencedError(
            f"a worker joined the group meanwhile ({error.str()}): stop all of them first{AGAIN}"
        )
    match classify(error, committing=False):
        case Failure.FENCED:
            return FencedError(f"another rebuild began meanwhile ({error.str()}){AGAIN}")
        case Failure.FATAL:
            return FatalError(f"the producer cannot go on: {error.str()}{AGAIN}")
    return RetriableError(f"a transaction failed: {error.str()}{AGAIN}")
