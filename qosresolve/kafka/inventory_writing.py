"""Writing to the inventory's topic: one transaction a load, one load at a time.

What is to be written is for the command line to find out.
"""

from collections.abc import Callable, Iterable

from confluent_kafka import KafkaError

from qosresolve.errors import FatalError, FencedError, RetriableError
from qosresolve.kafka.acls import INVENTORY_SLOT, Operation, Role
from qosresolve.kafka.denied import denial, explained
from qosresolve.kafka.failures import Failure, classify
from qosresolve.kafka.inventory import places, topic_of
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.outputs import Output
from qosresolve.kafka.sole_writer import SoleWriter
from qosresolve.settings import Settings

TRANSACTION_MS = (
    120_000  # a million relations take a tenth; so long does a load that was killed block readers
)
Change = tuple[str, bytes | None]


class Writing(SoleWriter):
    """The one who may write to the inventory now: who comes later ends this one, so nobody overwrites unseen.

    Enter it before reading what is to be compared; leave it after `commit`.
    """

    def __init__(self, settings: Settings) -> None:
        own = {"slot": INVENTORY_SLOT, "transaction_timeout_ms": TRANSACTION_MS}
        self._settings = settings.model_copy(update=own)
        self._topic = topic_of(settings)
        self._partitions = len(places(settings, Operation.WRITE))
        super().__init__(self._settings)

    def commit(self, changes: Iterable[Change], progress: Callable[[int], None]) -> None:
        """Write keys and records, None removes: readers see all or nothing. `progress` hears how far it is.

        Raises FencedError where another load began meanwhile; RetriableError, also where nobody knows whether
        it was written; DeniedError, FatalError.
        """

        def sent() -> None:
            for number, (key, value) in enumerate(changes):
                at = partition_of(key, self._partitions) if self._partitions > 1 else 0
                self.send(Output(self._topic, at, key.encode(), value, []))
                if number % 1_000 == 0:
                    progress(number)

        self.transact(sent)

    def meaning(self, error: KafkaError, *, committing: bool) -> Exception:
        """Return what an error comes to for who loads."""
        kind = classify(error, committing=committing)
        if kind is Failure.FENCED:
            return FencedError(
                f"another `qosresolve inventory load` began meanwhile ({error.str()}): nothing was written"
                "\n  remedy: run it again; it compares with what lies there then"
            )
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
