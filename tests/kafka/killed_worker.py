"""A worker that dies by SIGKILL at a named point of its n-th transaction.

Called as `killed_worker.py POINT N SETTINGS`, the settings as JSON.

Points, in the order of one transaction: begun, produced, offsets, committing, committed.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import cast

from confluent_kafka import Producer
from prometheus_client import CollectorRegistry

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.kafka import transaction
from qosresolve.kafka.worker import Worker
from qosresolve.settings import Settings
from qosresolve.telemetry.health import Health

# What the producer is asked to do, and the point that lies before (or after) it.
CALLS = {
    "begin_transaction": ("", "begun"),
    "send_offsets_to_transaction": ("produced", "offsets"),
    "commit_transaction": ("committing", "committed"),
}


class Dying:
    """The producer, counting its transactions and dying where it was told to."""

    def __init__(self, producer: Producer, point: str, number: int) -> None:
        self._producer = producer
        self._point = point
        self._number = number
        self._begun = 0

    def __getattr__(self, name: str) -> Callable[..., object]:
        """Pass every call on, with the two points around those that matter."""
        target: Callable[..., object] = getattr(self._producer, name)
        if name not in CALLS:
            return target
        before, after = CALLS[name]

        def call(*args: object) -> object:
            self._begun += name == "begin_transaction"
            self._die_at(before)
            answer = target(*args)
            self._die_at(after)
            return answer

        return call

    def _die_at(self, point: str) -> None:
        if point == self._point and self._begun == self._number:
            if point == "produced":
                self._producer.flush(5)  # so that the records lie in the log, uncommitted
            os.kill(os.getpid(), signal.SIGKILL)


def main(point: str, number: int, settings: Settings) -> None:
    """Run the real worker until it dies."""
    opened = transaction.Transactions._open  # the one seam of this test

    def open_dying(self: transaction.Transactions) -> Producer:
        return cast("Producer", Dying(opened(self), point, number))

    transaction.Transactions._open = open_dying  # type: ignore[method-assign]
    contracts = Contracts(SingleObjectCodec())
    Worker(
        settings.model_copy(update={"batch_records": 20}),
        contracts,
        registry=CollectorRegistry(),
        health=Health(),
        stop=threading.Event(),
    ).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Settings.model_validate_json(sys.argv[3]))
