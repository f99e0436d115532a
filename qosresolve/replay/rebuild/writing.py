"""Transactions of a rebuild: some records, all or none, and only while the group is ours."""

from collections.abc import Iterable

from confluent_kafka import KafkaError

from qosresolve.errors import FatalError, FencedError, RetriableError
from qosresolve.kafka.acls import REBUILD_SLOT
from qosresolve.kafka.denied import denial
from qosresolve.kafka.failures import Failure, classify, of_group
from qosresolve.kafka.outputs import Output
from qosresolve.kafka.sole_writer import SoleWriter
from qosresolve.replay.rebuild.alone import Alone
from qosresolve.settings import Settings

AGAIN = "\n  remedy: run it again: it compares first, and goes on where it ended"


class Writing(SoleWriter):
    """The one rebuild that may write now: one that starts later ends this one."""

    def __init__(self, settings: Settings, alone: Alone | None) -> None:
        super().__init__(settings.model_copy(update={"slot": REBUILD_SLOT}))
        self._alone = alone

    def commit(self, number: int, outputs: Iterable[Output]) -> None:
        """Write the records of one partition in one transaction.

        Raises FencedError where another rebuild or a worker began meanwhile, RetriableError, FatalError: the
        next run finds out what was written.
        """

        def sent() -> None:
            for output in outputs:
                self.send(output)
            if self._alone is not None:
                self._alone.check()
                self.send_offsets(self._alone.offsets(number), self._alone.metadata())

        self.transact(sent)

    def meaning(self, error: KafkaError, *, committing: bool) -> Exception:
        """Return what an error comes to: the next run finds out whether it was committed."""
        refused = denial(error)
        if refused is not None:
            return refused
        if of_group(error):
            return FencedError(
                f"a worker joined the group meanwhile ({error.str()}): stop all of them first{AGAIN}"
            )
        match classify(error, committing=committing):
            case Failure.FENCED:
                return FencedError(f"another rebuild began meanwhile ({error.str()}){AGAIN}")
            case Failure.FATAL:
                return FatalError(f"the producer cannot go on: {error.str()}{AGAIN}")
        return RetriableError(f"a transaction failed: {error.str()}{AGAIN}")
