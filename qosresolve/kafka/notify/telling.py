"""Attempts: what came of each, what is buried, and what waits for how long.

A receiver that takes nothing holds up everything; one that may fail for one escalation alone, its partition.
"""

import random
import time
from collections.abc import Collection

from confluent_kafka import Message

from qosresolve.contracts import headers as head
from qosresolve.contracts.records import Contracts
from qosresolve.contracts.tmf.edge import Edge
from qosresolve.errors import ConfigError, PoisonRecordError
from qosresolve.kafka.incoming import headers_of
from qosresolve.kafka.notify.lane import Lane
from qosresolve.kafka.notify.letters import Letters
from qosresolve.kafka.notify.observe import Observer
from qosresolve.notify.answers import Answer, Came, Wait
from qosresolve.notify.call import Call, Reader
from qosresolve.notify.receivers import Receiver
from qosresolve.settings import Settings

_REMEDY = "the receiver's log says why it refuses this one; tell people by hand: nobody was told"


class Telling:
    """Tells the receiver what lies first in a lane; `paused` and `why` say for what it takes nothing."""

    def __init__(
        self,
        settings: Settings,
        contracts: Contracts,
        receiver: Receiver,
        letters: Letters,
        observer: Observer,
    ) -> None:
        self.paused: Came | None = None
        self.why = ""
        self._settings = settings
        self._contracts = contracts
        self._receiver = receiver
        self._letters = letters
        self._observer = observer
        self._reader = Reader(contracts, Edge(settings.edge_version, settings.edge_party))
        self._wait = self.new_wait()

    def new_wait(self) -> Wait:
        """Return pauses as the settings bound them."""
        return Wait(self._settings.notify_backoff_ms / 1000, random.random)

    def due(self, lanes: Collection[Lane]) -> list[Lane]:
        """Return the lanes that have something to tell now, the one that was tried longest ago first."""
        now = time.monotonic()
        if not self._wait.over(now):
            return []
        return sorted((lane for lane in lanes if lane.due(now)), key=lambda lane: lane.tried_at)

    def forget(self) -> None:
        """Forget that the receiver took nothing: there is nothing to tell."""
        self.paused = None
        self._wait.worked()

    def tell(self, lane: Lane) -> bool:
        """Make one attempt; False where none is to be made now. Raises RetriableError, DeniedError."""
        message = lane.first
        if message is None or not self._wait.over(time.monotonic()):
            return False
        lane.tried_at = time.monotonic()
        try:
            call = self._read(message)
        except PoisonRecordError as error:
            self._bury(lane, message, error)
            return True
        self._heard(lane, message, call, self._attempt(call))
        return True

    def close(self) -> None:
        """Close the connection to the receiver."""
        self._receiver.close()

    def _read(self, message: Message) -> Call:
        pairs = headers_of(message)
        said = dict(pairs)
        self._contracts.forget()
        return self._reader.read(
            message.value(),
            _text(said.get("content-type")),
            _text(said.get("ce_dataschema")),
            head.traceparent(pairs),
        )

    def _attempt(self, call: Call) -> Answer:
        began = time.monotonic()
        try:
            answer = self._receiver.tell(call)
        except ConfigError as error:  # a file with a secret is not to be read, for now
            answer = Answer(Came.SETTINGS, str(error).partition("\n")[0])
        self._observer.attempted(answer, time.monotonic() - began)
        return answer

    def _heard(self, lane: Lane, message: Message, call: Call, answer: Answer) -> None:
        if answer.came in (Came.DOWN, Came.SETTINGS):
            self._failed(lane, answer)
            return
        if self._wait.failures or lane.wait.failures:
            self._observer.works()
        self.forget()
        if answer.came is Came.REFUSED:
            why = f"the receiver refuses it: {answer.what}"
            self._bury(lane, message, PoisonRecordError(why, stage="refused", remedy=_REMEDY))
        else:
            lane.done(dead=False)
            self._observer.taken(call)

    def _failed(self, lane: Lane, answer: Answer) -> None:
        """Wait: with everything, or with this lane where it may be about this escalation alone."""
        now = time.monotonic()
        if answer.alone:
            self.forget()
        else:
            self.paused, self.why = answer.came, answer.what
        wait = lane.wait if answer.alone else self._wait
        wait.failed(now, answer.wait_s)
        self._observer.failed(answer, lane, wait.failures, wait.until - now)

    def _bury(self, lane: Lane, message: Message, why: PoisonRecordError) -> None:
        self._letters.write(message, why)
        lane.done(dead=True)
        self._observer.buried(lane, message, why)
        if lane.stopped:
            self._observer.stopped(lane, "too many escalations in a row were refused", "notify-refused")


def _text(value: bytes | str | None) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else value or ""
