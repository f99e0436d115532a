"""The stand-in for confluent_kafka's Producer: idempotent, and transactional when it is given an id.

What librdkafka makes of a broker's no is in here: which errors are fatal, which need an abort, and which call
raises them.
"""

import logging
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from tests.simulation.broker import Cluster
from tests.simulation.link import number, text
from tests.simulation.membership import GroupMetadata
from tests.simulation.network import Network
from tests.simulation.processes import Process
from tests.simulation.refusal import NoAnswer, Refused, failure
from tests.simulation.sender import Sender
from tests.simulation.transactions import Place

T = TypeVar("T")
BACKOFF_S = 0.02
OFFSETS_S = 60.0  # what `send_offsets_to_transaction` waits at least, whatever time-out it is given
FENCING = (KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH)


class Phase(Enum):
    """Where a transactional producer stands."""

    NEW = auto()
    READY = auto()
    OPEN = auto()
    FAILED = auto()  # nothing but an abort is possible
    FATAL = auto()


class Producer(Sender):
    """A producer of the model."""

    def __init__(
        self,
        cluster: Cluster,
        network: Network,
        process: Process,
        config: dict[str, Any],
        logger: logging.Logger | None = None,
    ) -> None:
        super().__init__(cluster, network, process, config, logger)
        self._id = text(config, "transactional.id", "")
        self._transactional = bool(self._id)
        self._timeout_ms = number(config, "transaction.timeout.ms", 60_000)
        self._phase = Phase.NEW
        self._busy = ""  # the call that ran out of time and has to be repeated before any other
        self._error = KafkaError(KafkaError.NO_ERROR)
        self._failed: set[Place] = set()  # where records of this epoch were refused
        self._added: set[Place] = set()
        self._offsets_sent = False
        self._untold = False  # a fatal error comes out of the next poll or flush as well, once

    # -- calls

    def init_transactions(self, timeout: float = -1) -> None:
        """Take over the transactional id: end what is open under it, fence who held it."""
        self._enter("init")
        self._bounded("init", lambda end: self._init(end, None), timeout)
        self._phase = Phase.READY

    def begin_transaction(self) -> None:
        """Begin; nothing is sent."""
        self._enter("begin")
        if self._phase is not Phase.READY:
            raise self._not_open()
        self._phase = Phase.OPEN
        self._added = set()
        self._offsets_sent = False

    def send_offsets_to_transaction(
        self, positions: list[TopicPartition], group_metadata: bytes, timeout: float = -1
    ) -> None:
        """Make offsets part of the transaction."""
        self._enter("offsets")
        self._require_open()
        offsets = {(at.topic, at.partition): at.offset for at in positions if at.offset >= 0}
        if self._queue:
            self._linger()
            self._require_open()
        if not offsets:
            return
        by = GroupMetadata.read(group_metadata)
        hold = partial(self._cluster.hold, self._producer, by, offsets)
        end = self._link.end_of(timeout if timeout < 0 else max(timeout, OFFSETS_S))
        try:
            self._unhurried("AddOffsetsToTxn", self._adding(set(), {by.group}), end)
            self._offsets_sent = True
            self._link.ask("TxnOffsetCommit", hold, self._link.left(end))
        except Refused as refused:
            self._fall(refused.code)
            raise self._as_exception() from None
        except NoAnswer:
            raise failure(KafkaError._TIMED_OUT, "Failed to send offsets", retriable=True) from None

    def commit_transaction(self, timeout: float = -1) -> None:
        """Send what is left, then commit."""
        self._enter("commit")
        self._require_open()

        def commit(end: float) -> None:
            if self._queue or self._sending:
                self._send(self._link.left(end))
            self._report()
            self._require_open()
            self._end(end, commit=True)

        self._bounded("commit", commit, timeout)

    def abort_transaction(self, timeout: float = -1) -> None:
        """Drop what was not sent, abort what was."""
        self._enter("abort")
        if self._phase not in (Phase.OPEN, Phase.FAILED):
            raise self._not_open()
        self.purge()
        self._report()

        def abort(end: float) -> None:
            self._end(end, commit=False)
            if self._purged:
                self._init(end, self._producer)

        self._bounded("abort", abort, timeout)

    def _enter(self, call: str) -> None:
        """Refuse a call while another one is not over."""
        if self._busy not in ("", call):
            raise failure(KafkaError._CONFLICT, f"Conflicting {self._busy} is in progress", retriable=True)

    def _bounded(self, call: str, work: Callable[[float], None], timeout: float) -> None:
        self._busy = call
        try:
            work(self._link.end_of(timeout))
        except NoAnswer:
            raise failure(
                KafkaError._TIMED_OUT, "Transactional operation timed out", retriable=True
            ) from None
        except KafkaException:
            self._busy = ""
            raise
        self._busy = ""

    # -- requests

    def _init(self, end: float, current: tuple[int, int] | None) -> None:
        init = partial(self._cluster.transactions.init, self._id, self._timeout_ms, current)
        try:
            self._producer = self._unhurried("InitProducerId", init, end)
        except Refused as refused:
            self._fall(refused.code)
            raise self._as_exception() from None
        self._sequences = {}
        self._failed = set()
        self._purged = False

    def _end(self, end: float, *, commit: bool) -> None:
        if self._added or self._offsets_sent:
            ending = partial(self._cluster.transactions.end, self._id, self._producer, commit=commit)
            try:
                self._unhurried("EndTxn", ending, end)
            except Refused as refused:
                self._fall(refused.code)
                raise self._as_exception() from None
        self._phase = Phase.READY

    def _adding(self, places: set[Place], groups: set[str]) -> Callable[[], None]:
        name, producer = self._id, self._producer

        def add() -> None:
            for topic, partition in places:
                self._cluster.log(topic, partition)
            self._cluster.transactions.add(name, producer, places, groups)

        return add

    def _unhurried(self, api: str, apply: Callable[[], T], end: float) -> T:
        """Ask until the transaction before has come to its end."""
        while True:
            try:
                return self._link.ask(api, apply, self._link.left(end))
            except Refused as refused:
                if refused.code != KafkaError.CONCURRENT_TRANSACTIONS:
                    raise
                self._link.pause(BACKOFF_S, end)

    # -- what records have to do with transactions

    def _check_open(self) -> None:
        if self._id and (self._phase is not Phase.OPEN or self._busy):
            raise failure(KafkaError._FATAL if self._phase is Phase.FATAL else KafkaError._STATE)

    def _prepare(self, end: float) -> bool:
        if not self._id:
            return super()._prepare(end)
        wanted = {record.place for record in self._queue} | {item.place for item in self._sending}
        fresh = wanted - self._added
        if not fresh:
            return True
        try:
            self._unhurried("AddPartitionsToTxn", self._adding(fresh, set()), end)
        except Refused as refused:
            error = self._fall(refused.code)
            self._fail(self._queue, error)
            self._queue = []
            return False
        self._added |= fresh
        return True

    def _refuse(self, code: int, place: Place) -> KafkaError:
        """Take a no to records: an unexpected sequence is fatal, unless records before it failed."""
        unexpected = code == KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER and place not in self._failed
        self._failed.add(place)
        return self._fall(code, fatal=unexpected) if self._id else KafkaError(code)

    def _fall(self, code: int, *, fatal: bool = False) -> KafkaError:
        """Note that the transaction, or the producer, came to its end; the next call says so."""
        if code in FENCING:
            error = KafkaError(KafkaError._FENCED, "Producer fenced by newer instance", fatal=True)
        elif fatal or code == KafkaError.INVALID_TXN_STATE:
            error = KafkaError(code, None, fatal=True)
        else:
            error = KafkaError(code, None, txn_requires_abort=True)
        if self._phase is not Phase.FATAL:
            self._error = error
            self._phase = Phase.FATAL if error.fatal() else Phase.FAILED
            self._untold = error.fatal()
        return error

    def _serve(self) -> int:
        """Serve delivery reports; a fatal error comes out here, whatever else has raised it."""
        served = self._report()
        if self._untold:
            self._untold = False
            raise self._as_exception()
        return served

    def _require_open(self) -> None:
        if self._phase is not Phase.OPEN:
            raise self._not_open()

    def _not_open(self) -> KafkaException:
        if self._phase in (Phase.FATAL, Phase.FAILED):
            return self._as_exception()
        return failure(KafkaError._STATE, f"Operation not valid in state {self._phase.name}")

    def _as_exception(self) -> KafkaException:
        return KafkaException(self._error)
