"""What people and neighbours do: bursts of garbage, rewinds, foreign transactions, compaction at will."""

import random
import signal

from confluent_kafka import KafkaException, TopicPartition

from qosresolve.core.inputs import Command, Deadline, Degradation
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity, Verb
from qosresolve.kafka import clients
from qosresolve.topics import COMMAND, DEADLINE, DEGRADATION, INPUTS, REPORT, STATE
from tests.chaos.faults.kinds import Fault, Lane
from tests.chaos.field import Field, NotReachedError
from tests.chaos.poison import poison
from tests.chaos.supervisor import Place
from tests.kafka.harness import RECORDS, wall_ms

GROUP_S = 45.0
ADMIN_S = 20.0
_COMPACT_NOW = {
    "segment.ms": "500",
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "500",
}


def poison_burst(field: Field, _: Place, dice: random.Random) -> None:
    """Garbage of every kind on every input, many in a row, below what the brake takes for a flood."""
    for at in range(dice.randrange(20, 80)):
        value, headers = poison(dice, f"P{at}")
        topic = dice.choice((DEGRADATION, DEGRADATION, *INPUTS))
        field.post.put(topic, f"P{at % 40}", value, "", headers=headers)
        field.post.poll()


def stray_burst(field: Field, _: Place, dice: random.Random) -> None:
    """A foreign partitioner: good records on whatever partition."""
    for at in range(dice.randrange(20, 80)):
        event = _update(f"P{at % 40}", dice)
        record = RECORDS.write_input(event)[1]
        where = dice.randrange(field.settings.partitions)
        field.post.put(DEGRADATION, event.product_id, record, event.identity(), partition=where)
        field.post.poll()


def flood(field: Field, _: Place, dice: random.Random) -> None:
    """Some thousand events within a moment: batches become large, deadlines wait behind them."""
    for at in range(dice.randrange(500, 2000)):
        field.post.send(_update(f"P{at % 40}", dice))
        field.post.poll()


def false_deadlines(field: Field, _: Place, dice: random.Random) -> None:
    """Deadlines of nothing, of old alarms, and from the future: a timer gone mad breaches nobody."""
    for at in range(dice.randrange(5, 30)):
        due = wall_ms() + dice.choice((-60_000, 0, 60_000))
        deadline = Deadline(f"P{at}", dice.choice(("", "no-such-report")), dice.randrange(9), due)
        field.post.put(DEADLINE, f"P{at}", RECORDS.write_input(deadline)[1], deadline.identity())
        field.post.poll()


def _update(product: str, dice: random.Random) -> Degradation:
    number = dice.randrange(10**9)
    return Degradation(
        product, f"burst-{number}", "burst", number, DegradationKind.UPDATE, "jitter", f"service-{product}",
        ObjectKind.SERVICE, dice.choice((Severity.WARNING, Severity.MINOR)), wall_ms(),
    )  # fmt: skip


def policy_switched(field: Field, _: Place, dice: random.Random) -> None:
    """Another policy for every partition, in the midst of all that happens."""
    policy, number = dice.choice(field.policies), dice.randrange(10**9)
    for partition in range(field.settings.partitions):
        order = Command(
            "", f"activate-{number}-{partition}", Verb.ACTIVATE_POLICY, "operator", "policy-manager", "chaos",
            wall_ms(), value=policy,
        )  # fmt: skip
        value = RECORDS.write_input(order)[1]
        field.post.put(COMMAND, str(partition), value, order.identity(), partition=partition)
    field.post.poll()


def compacted(field: Field, _: Place, dice: random.Random) -> None:
    """The state topics are compacted at once while a worker restores from them."""
    _configure(field, _COMPACT_NOW)
    try:
        field.sleep(dice.uniform(2, 4))
        worker = dice.choice(field.workers)
        field.supervisor.send(worker, signal.SIGTERM)
        field.sleep(dice.uniform(4, 8))
    finally:
        _configure(field, {})


def _configure(field: Field, values: dict[str, str]) -> None:
    """Set these on the state topics; none: back to what they were created with."""
    wanted = {field.names.of(topic): topic.config() | values for topic in STATE}
    chosen = {topic: {name: options[name] for name in _COMPACT_NOW} for topic, options in wanted.items()}
    field.ask("configure", topics=chosen)


def foreign_transaction(field: Field, _: Place, dice: random.Random) -> None:
    """A stranger's transaction lies open on a report partition, and is given up or left to die."""
    producer = field.transactional(f"stranger-{dice.randrange(10**9)}")
    try:
        producer.init_transactions(ADMIN_S)
        producer.begin_transaction()
        number = dice.randrange(field.settings.partitions)
        producer.produce(field.names.of(REPORT), b"never", b"stranger/1", number)
        producer.flush(ADMIN_S)
        field.sleep(dice.uniform(1, 6))
        if dice.random() < 0.6:  # else the coordinator ends it, after the transaction's own time-out
            producer.abort_transaction(ADMIN_S)
    except KafkaException as error:
        raise NotReachedError(f"no foreign transaction: {error}") from error


def rewound(field: Field, _: Place, dice: random.Random) -> None:
    """All workers are stopped, the group is set back to lower offsets, and they start again."""
    workers = field.workers
    for place in workers:
        place.wanted = False
        field.supervisor.send(place, signal.SIGTERM)
    try:
        field.until(lambda: not any(place.alive for place in workers), GROUP_S, "end of all workers")
        field.until(lambda: bool(field.ask("empty")), GROUP_S, "group without members")
        _rewind(field, dice)
    finally:
        for place in workers:
            place.wanted = True


def _rewind(field: Field, dice: random.Random) -> None:
    # All six inputs of a partition go back together: so the checker tells a rewind from a worker's commit.
    partitions = [at for at in range(field.settings.partitions) if dice.random() < 0.8] or [0]
    places = [TopicPartition(topic, at) for at in partitions for topic in field.names.inputs]
    consumer = clients.reader(field.settings)
    try:
        now = consumer.committed(places, timeout=ADMIN_S)
    except KafkaException as error:
        raise NotReachedError(f"the group's offsets are not to be had: {error}") from error
    finally:
        consumer.close()
    back = [TopicPartition(at.topic, at.partition, dice.randint(0, at.offset)) for at in now]
    offsets = [(at.topic, at.partition, at.offset) for at in back]
    field.history.note("rewound", offsets=offsets)
    field.ask("rewind", offsets=offsets)


OPERATORS = (
    Fault("poison burst", Lane.INPUTS, poison_burst, weight=2),
    Fault("records on wrong partitions", Lane.INPUTS, stray_burst),
    Fault("flood of events", Lane.INPUTS, flood),
    Fault("false deadlines", Lane.INPUTS, false_deadlines),
    Fault("policy switched", Lane.INPUTS, policy_switched),
    Fault("compaction during a restore", Lane.TOPICS, compacted, weight=2),
    Fault("a stranger's open transaction", Lane.TOPICS, foreign_transaction),
    Fault("group rewound", Lane.WORKERS, rewound),
)
