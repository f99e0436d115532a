"""Dead letters of escalations: those that nobody can read, and those that the receiver refuses for good."""

from confluent_kafka import KafkaException, Message

from qosresolve.errors import PoisonRecordError, RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.dead_letters import dead_letter
from qosresolve.kafka.delivery import undelivered
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.settings import Settings
from qosresolve.topics import DEAD_LETTER_BYTES, Names

DELIVERY_S = 10.0


class Letters:
    """Writes one at a time and waits for it: the escalation's offset is committed after it only.

    So a letter may lie there twice after a crash, and none is missing. Outside of transactions, for then a
    process needs no slot.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names = Names(settings.prefix)
        self._producer = clients.plain_producer(settings, DEAD_LETTER_BYTES)

    def write(self, message: Message, why: PoisonRecordError) -> None:
        """Write one. Raises DeniedError, RetriableError: then it may be there all the same."""
        output = dead_letter(self._names, message, why)
        try:
            failed = undelivered(self._producer, output, DELIVERY_S)
        except KafkaException as error:
            raise_if_denied(error.args[0], output.topic, Operation.WRITE)
            failed = error.args[0].str()
        if failed is not None:
            self._producer = clients.plain_producer(self._settings, DEAD_LETTER_BYTES)
            raise RetriableError(f"a dead letter was not delivered: {failed}")

    def close(self) -> None:
        """Deliver what is left."""
        self._producer.flush(DELIVERY_S)
