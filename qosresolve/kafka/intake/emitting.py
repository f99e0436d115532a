"""What goes out of one batch: events, answers and dead letters, and for how many events there is room."""

from collections.abc import Sequence

from qosresolve.contracts import limits
from qosresolve.errors import PoisonRecordError
from qosresolve.intake import events
from qosresolve.intake.inventory import Relation
from qosresolve.intake.reading import Observation, Reply
from qosresolve.kafka.dead_letters import Origin, letter
from qosresolve.kafka.intake.shared import Errors, Shared
from qosresolve.kafka.intake.tally import Buried, Tally
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.outputs import Headers, Output
from qosresolve.topics import BY_RECORD, DEGRADATION

ROOM = 4  # events of one batch, in times of the records that it may have: more go on in the next


class Emitter:
    """The outputs of one batch of one partition."""

    def __init__(self, number: int, shared: Shared, tally: Tally) -> None:
        self.outputs: list[Output] = []
        self.room = shared.batch_records * ROOM
        self._number = number
        self._shared = shared
        self._tally = tally
        self._degradation = shared.names.of(DEGRADATION)

    def fan_out(
        self,
        seen: Observation,
        relations: Sequence[Relation],
        after: str,
        headers: Headers,
        errors: Errors,
    ) -> str | None:
        """Emit one event for each product beyond `after`, as far as there is room.

        Return None when that was all, else the product up to which events are out. What cannot be emitted is
        added to the errors, and the rest is.
        """
        todo = [item for item in relations if item.product_id > after] if after else relations
        most = min(self._shared.batch_records, self.room)
        common = events.shared(seen, relations)
        for relation in todo[:most]:
            try:
                self._emit(seen, relation, common, headers)
            except PoisonRecordError as error:
                errors.append(error)
        self.room -= min(most, len(todo))
        if len(todo) <= most:
            return None
        return todo[most - 1].product_id if most > 0 else after

    def _emit(self, seen: Observation, relation: Relation, common: events.Shared, headers: Headers) -> None:
        event = events.degradation(seen, relation, common)
        limits.check("degradation", event)
        _, value = self._shared.contracts.write_input(event)
        product = event.product_id
        number = partition_of(product, self._shared.partitions)
        self.outputs.append(Output(self._degradation, number, product.encode(), value, headers))
        self._tally.emitted += 1

    def answer(self, reply: Reply, headers: Headers) -> None:
        """Write a neighbour's answer in the words of its channel. Raises PoisonRecordError."""
        limits.check(reply.channel, reply.answer)
        try:
            value = self._shared.contracts.write_answer(reply.channel, reply.answer)
        except ValueError as error:
            raise PoisonRecordError(
                f"an answer that {reply.channel} cannot hold: {error}",
                stage="intake",
                remedy="answer on the topic of what was asked",
            ) from error
        product = reply.answer.product_id
        number = partition_of(product, self._shared.partitions)
        topic = self._shared.names.of(BY_RECORD[reply.channel])
        self.outputs.append(Output(topic, number, product.encode(), value, headers))
        self._tally.replies[reply.channel] += 1

    def bury(self, came: Origin, error: PoisonRecordError) -> None:
        """Write the dead letter of a record."""
        self.outputs.append(letter(self._shared.names, came, error, self._number))
        self._tally.buried.append(Buried(came.topic, came.partition, came.offset, error.stage, str(error)))
