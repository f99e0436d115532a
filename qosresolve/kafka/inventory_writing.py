"""Writing to the inventory's topic: one transaction a load, one load at a time.

What is to be written is for the command line to find out.
"""

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException, Producer

from qosresolve.errors import FatalError, FencedError, RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.acls import INVENTORY_SLOT, Operation, Role
from qosresolve.kafka.denied import denial, explained
from qosresolve.kafka.failures import Failure, classify
from qosresolve.kafka.inventory import places, topic_of
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.offsets import patiently
from qosresolve.settings import Settings
from qosresolve.telemetry.log import LibrdkafkaLog

TRANSACTION_MS = (
    120_000  # a million relations take a tenth; so long does a load that was killed block readers
)
CALL_S = 10.0
WAIT_S = 0.05
Change = tuple[str, bytes | None]


class Writing:
    """The one who may write to the inventory now: who comes later ends this one, so nobody overwrites unseen.

    Enter it before reading what is to be compared; leave it after `commit`.
    """

    def __init__(self, settings: Settings) -> None:
        own = {"slot": INVENTORY_SLOT, "transaction_timeout_ms": TRANSACTION_MS}
        self._settings = settings.model_copy(update=own)
        self._topic = topic_of(settings)
        self._partitions = len(places(settings, Operation.WRITE))
        self._producer = clients.transactional_producer(self._settings, LibrdkafkaLog().logger)

    def __enter__(self) -> Self:
        """Fence whoever else is at it. Raises RetriableError, DeniedError."""
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
            error: KafkaError = failure.args[0]
            if error.retriable():
                raise RetriableError(f"cannot start a transaction: {error.str()}") from None
            raise self._meaning(error, committing=False) from None

    def commit(self, changes: Iterable[Change], progress: Callable[[int], None]) -> None:
        """Write keys and records, None removes: readers see all or nothing. `progress` hears how far it is.

        Raises FencedError where another load began meanwhile; RetriableError, also where nobody knows whether
        it was written; DeniedError, FatalError.
        """
        committing = False
        producer = self._producer
        try:
            producer.begin_transaction()
            for number, (key, value) in enumerate(changes):
                self._produce(producer, key, value)
                if number % 1_000 == 0:
                    progress(number)
            committing = True
            _commit(producer)
        except KafkaException as failure:
            raise self._meaning(failure.args[0], committing=committing) from None
        except BaseException:
            _abort(producer)
            raise

    def _produce(self, producer: Producer, key: str, value: bytes | None) -> None:
        at = partition_of(key, self._partitions) if self._partitions > 1 else 0
        end = time.monotonic() + TRANSACTION_MS / 1_000
        while True:
            try:
                producer.produce(self._topic, value, key.encode(), partition=at)
            except BufferError:
                if time.monotonic() > end:
                    raise RetriableError(
                        f"{self._topic}: brokers take no records; nothing was written"
                    ) from None
                producer.poll(WAIT_S)
            else:
                return

    def _meaning(self, error: KafkaError, *, committing: bool) -> Exception:
        """Return what an error of the producer comes to; nothing of the transaction is left open."""
        kind = classify(error, committing=committing)
        if kind is Failure.FENCED:
            return FencedError(
                f"another `qosresolve inventory load` began meanwhile ({error.str()}): nothing was written"
                "\n  remedy: run it again; it compares with what lies there then"
            )
        _abort(self._producer)
        refused = denial(error, self._topic, Operation.WRITE)
        if refused is not None:
            return explained(refused, self._settings, Role.INVENTORY)
        if kind is Failure.FATAL:
            return FatalError(f"the producer cannot go on: {error.str()}; see docs/inventory.md")
        if committing and kind is not Failure.ABORTABLE:
            return RetriableError(
                f"nobody can tell whether it was written: {error.str()}"
                "\n  remedy: look with `qosresolve inventory diff FILE...`, or load again: that is harmless"
            )
        return RetriableError(f"nothing was written: {error.str()}\n  remedy: load again")


def _commit(producer: Producer) -> None:
    """Commit, again while that is retriable and in the transaction's time."""
    end = time.monotonic() + TRANSACTION_MS / 1_000
    while True:
        try:
            return producer.commit_transaction(CALL_S)
        except KafkaException as failure:
            if not failure.args[0].retriable() or time.monotonic() > end:
                raise
        producer.poll(WAIT_S)


def _abort(producer: Producer) -> None:
    """End the transaction where that is possible; else its time ends it, or the next load."""
    try:
        producer.abort_transaction(CALL_S)
    except KafkaException:
        producer.purge()
