"""Shadow topics: what a replay would have written, under another prefix, perhaps on other brokers.

They are made with the partition counts of the topics that are replayed. Nothing is written where records lie
already, nor ever under the prefix that is replayed. Inputs have no shadow: they are read where they are.
"""

from confluent_kafka import KafkaError, Message, Producer
from confluent_kafka.admin import AdminClient

from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.core.partition import PartitionState, Position
from qosresolve.errors import ConfigError, FatalError
from qosresolve.kafka import clients, topics_admin
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.kafka.offsets import ends, patiently, starts
from qosresolve.kafka.outputs import Output, Writer
from qosresolve.kafka.reading import partitions_of, read_all
from qosresolve.replay.rerun.cases import Cases
from qosresolve.replay.rerun.partition import Rerun
from qosresolve.replay.rerun.stepping import Taken
from qosresolve.settings import Settings
from qosresolve.topics import DEAD_LETTERS, DEADLINE, JOURNAL, POLICY, REQUESTS, STATE, Names, Topic

SHADOWED: tuple[Topic, ...] = (*STATE, JOURNAL, *REQUESTS, DEAD_LETTERS, POLICY)
TOGETHER = 1_000  # inputs of which each report that changed is written once
FLUSH_S = 30.0


def prepare(settings: Settings, into: Settings) -> None:
    """Make the shadow topics, and copy the policies. Raises ConfigError where that would do harm."""
    if into.prefix == settings.prefix:
        raise ConfigError(
            f"{into.prefix!r} is the prefix of the topics that are replayed: nothing is written there",
            setting="--into",
            remedy="give another prefix, such as --into shadow.",
        )
    journal = clients.metadata(clients.admin(settings))[Names(settings.prefix).of(JOURNAL)].partitions
    count = len(journal)
    alike: dict[str, int] = {"partitions": count}
    if "replication_factor" not in into.model_fields_set:
        alike["replication_factor"] = len(journal[0].replicas)
    topics_admin.make(into.model_copy(update=alike), list(SHADOWED))
    admin = clients.admin(into)
    _refuse_unfit(admin, into, count)
    _copy_policies(settings, into)


def _refuse_unfit(admin: AdminClient, into: Settings, count: int) -> None:
    names = Names(into.prefix)
    for topic in SHADOWED:
        name = names.of(topic)
        there = partitions_of(admin, name)
        wanted = count if topic.co_partitioned else 1
        if there != wanted:
            raise ConfigError(
                f"{name} has {there} partitions, and {wanted} are replayed",
                setting="--into",
                remedy="give a prefix that has no topics yet",
            )
        places = [(name, number) for number in range(there)]
        first, last = patiently(lambda: starts(admin, places)), patiently(lambda: ends(admin, places))  # noqa: B023
        if first != last or any(first.values()):
            raise ConfigError(
                f"records lie on {name} already: a shadow begins empty",
                setting="--into",
                remedy="give a prefix that has no topics yet, or delete its topics",
            )


def _copy_policies(settings: Settings, into: Settings) -> None:
    """So that whatever reads the shadow finds the policies that it speaks of."""
    producer = clients.plain_producer(into)
    sink = _Sink(producer)
    for message in read_all(settings, [(Names(settings.prefix).of(POLICY), 0)]):
        value = message.value()
        if value is not None:
            sink.send(Output(Names(into.prefix).of(POLICY), 0, message.key(), value, ()))
    sink.flush()


class _Sink:
    """A producer that says what could not be written."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._failed: KafkaError | None = None
        self._where = ""

    def send(self, output: Output) -> None:
        """Send one record. Raises FatalError, or DeniedError, once one was not written."""
        while True:
            try:
                self._producer.produce(
                    output.topic,
                    output.value,
                    output.key,
                    output.partition,
                    headers=list(output.headers),
                    on_delivery=self._told,
                )
            except BufferError:
                self._producer.poll(0.1)
            else:
                break
        self._producer.poll(0)
        self._raise()

    def _told(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed, self._where = error, message.topic() or ""

    def _raise(self) -> None:
        if self._failed is not None:
            raise_if_denied(self._failed, self._where, Operation.WRITE)
            raise FatalError(f"the shadow is not whole: {self._where}: {self._failed.str()}")

    def flush(self) -> None:
        """Wait until everything is acknowledged. Raises as `send`."""
        left = self._producer.flush(FLUSH_S)
        self._raise()
        if left:
            raise FatalError(
                f"the shadow is not whole: {left} records were not acknowledged in {FLUSH_S:.0f} s"
            )


class Shadow:
    """The shadow of one partition: journal and requests as they come, state now and then."""

    def __init__(self, settings: Settings, into: Settings, contracts: Contracts, cases: Cases) -> None:
        self._live, self._names = Names(settings.prefix), Names(into.prefix)
        self._writer = Writer(self._names, contracts)
        self._cases = cases
        self._sink = _Sink(clients.plain_producer(into))
        self._changed: dict[str, Case] = {}  # what the shadow has of those that changed since
        self._inputs = frozenset(self._live.inputs)
        self._taken = 0

    def send(self, rerun: Rerun, taken: Taken) -> None:
        """Write what one input would have written; a record that is sent on to an input is left out."""
        for output in taken.outputs:
            if output.topic not in self._inputs:
                self._sink.send(self._translated(output))
        for product, before in taken.before.items():
            self._changed.setdefault(product, before)
        self._taken += 1
        if self._taken % TOGETHER == 0:
            self.write_state(rerun)

    def _translated(self, output: Output) -> Output:
        topic = self._names.of(self._live.topic(output.topic))
        return Output(topic, output.partition, output.key, output.value, output.headers)

    def write_state(self, rerun: Rerun) -> None:
        """Write what changed, and the partition record."""
        for product, before in self._changed.items():
            for output in self._writer.changes(rerun.number, before, self._cases.get(product)):
                self._sink.send(output)
        self._changed = {}
        positions = tuple(Position(topic, offset) for topic, offset in rerun.next_offsets.items())
        control = rerun.control
        state = PartitionState(rerun.number, positions, control.policy, control.windows.known)
        deadlines = rerun.next_offsets[self._live.of(DEADLINE)]
        self._sink.send(self._writer.partition(state, deadlines))

    def close(self, rerun: Rerun) -> None:
        """Write what is left, acknowledged."""
        self.write_state(rerun)
        self._sink.flush()
