"""Reading what waits, and sending originals back to be read again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError

from qosresolve.errors import ConfigError, RetriableError
from qosresolve.intake.parking import Parked
from qosresolve.kafka import clients
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.kafka.intake.parked import RETRY
from qosresolve.kafka.reading import partitions_of, read_all
from qosresolve.kafka.wire import contracts_for
from qosresolve.settings import Settings
from qosresolve.topics import FOREIGN, PARKED, Names

FLUSH_S = 30.0


@dataclass(frozen=True, slots=True)
class Lying:
    """One that waits, and the partition of the parked topic that it lies in: its owner's."""

    number: int
    parked: Parked


@dataclass(frozen=True, slots=True)
class Choice:
    """Which ones: by key, or by reason and object, or all."""

    keys: tuple[str, ...] = ()
    reason: str = ""
    named: str = ""
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What was sent, and what could not be: its original was not kept."""

    sent: tuple[Lying, ...]
    without: tuple[Lying, ...]


def waiting(settings: Settings) -> list[Lying]:
    """Return all that waits, in order. Raises ConfigError where there is no such topic."""
    name = Names(settings.prefix).of(PARKED)
    count = partitions_of(clients.admin(settings), name)
    if count == 0:
        raise ConfigError(
            f"there is no topic {name}",
            setting="prefix",
            remedy="set the prefix of the topics, or make them with `qosresolve topics create`",
        )
    last: dict[tuple[int, bytes], bytes | None] = {}
    for message in read_all(settings, [(name, number) for number in range(count)]):
        last[message.partition() or 0, message.key() or b""] = message.value()
    contracts = contracts_for(settings)
    found = [
        Lying(number, contracts.read_as("parked", Parked, value))
        for (number, _), value in last.items()
        if value is not None
    ]
    return sorted(found, key=lambda item: (item.number, item.parked.order))


def chosen(lying: Iterable[Lying], *, reason: str = "", named: str = "") -> list[Lying]:
    """Return those with a reason, and of an object, by any of its names."""
    return [
        item
        for item in lying
        if (not reason or item.parked.reason == reason) and (not named or named in item.parked.objects)
    ]


def found(lying: Iterable[Lying], key: str) -> Lying:
    """Return one by its key. Raises ConfigError."""
    for item in lying:
        if item.parked.record_key == key:
            return item
    raise ConfigError(
        f"nothing waits as {key!r}; it may have gone on",
        setting="ID",
        remedy="see `qosresolve parked list --each`",
    )


def retry(settings: Settings, choice: Choice, *, dry_run: bool) -> Done:
    """Send the originals of what was chosen. Raises ConfigError, RetriableError unless all arrived."""
    if not (choice.keys or choice.reason or choice.named or choice.everything):
        raise ConfigError(
            "nothing was chosen", setting="ID", remedy="name some, or give --reason, --object or --all"
        )
    lying = waiting(settings)
    picked = (
        [found(lying, key) for key in choice.keys]
        if choice.keys
        else chosen(lying, reason=choice.reason, named=choice.named)
    )
    done = Done(
        tuple(item for item in picked if item.parked.original is not None),
        tuple(item for item in picked if item.parked.original is None),
    )
    if not dry_run:
        _send(settings, done.sent)
    return done


def _send(settings: Settings, items: Sequence[Lying]) -> None:
    """Produce to our foreign topic, each to the partition whose owner holds it, acknowledged."""
    producer = clients.plain_producer(settings)
    topic = Names(settings.prefix).of(FOREIGN)
    failures: list[KafkaError] = []
    for item in items:
        parked = item.parked
        headers = [(header.name, header.value) for header in parked.headers if header.name != RETRY]
        producer.produce(
            topic,
            parked.original,
            parked.key,
            item.number,
            headers=[*headers, (RETRY, parked.record_key.encode())],
            on_delivery=lambda error, _: failures.append(error) if error else None,
        )
        producer.poll(0)
    left = producer.flush(FLUSH_S)
    for failure in failures:
        raise_if_denied(failure, topic, Operation.WRITE)
    if left or failures:
        why = failures[0].str() if failures else f"no acknowledgement within {FLUSH_S:.0f} s"
        raise RetriableError(f"{len(failures) + left} of {len(items)} were not acknowledged: {why}")
