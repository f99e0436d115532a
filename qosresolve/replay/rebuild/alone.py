"""The workers' group to ourselves: no worker may write while its state is rebuilt, and none may start.

Our member assigns partitions in a way that no worker knows, so the brokers let none join beside it. Should
one get in all the same, over a newer protocol, the group's generation is another: its offsets travel in each
of our transactions, and the brokers refuse them from a generation that is over.
"""

import time
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from qosresolve.errors import ConfigError, FatalError
from qosresolve.kafka import clients
from qosresolve.kafka.denied import raise_if_denied
from qosresolve.kafka.offsets import patiently
from qosresolve.kafka.positions import committed
from qosresolve.settings import Settings
from qosresolve.topics import ANCHOR, Names

JOIN_S = 60.0
TIMEOUT = 10.0


class Alone:
    """The only member of the workers' group, for the length of a block."""

    def __init__(self, settings: Settings, partitions: int) -> None:
        self._settings = settings
        self._names = Names(settings.prefix)
        self._wanted = set(range(partitions))
        self._mine: set[int] = set()
        self._lost = False
        self._consumer = clients.sole_member(settings)

    def __enter__(self) -> Self:
        """Join. Raises ConfigError while somebody else is a member."""
        try:
            raise_if_populated(self._settings)
            self._join()
        except BaseException:
            self._consumer.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def _join(self) -> None:
        self._consumer.subscribe(
            [self._names.of(ANCHOR)],
            on_assign=self._on_assign,
            on_revoke=self._on_lost,
            on_lost=self._on_lost,
        )
        end = time.monotonic() + JOIN_S
        while self._mine != self._wanted:
            if time.monotonic() > end:
                raise _populated(self._settings, f"we get partitions {sorted(self._mine)} of it, not all")
            self._heard(0.1)

    def _on_assign(self, consumer: Consumer, anchors: list[TopicPartition]) -> None:
        consumer.assign([])  # held, and not read
        self._mine = {anchor.partition for anchor in anchors}

    def _on_lost(self, consumer: Consumer, _: list[TopicPartition]) -> None:
        consumer.unassign()
        self._lost = True

    def _heard(self, wait_s: float) -> None:
        message = self._consumer.poll(wait_s)
        error = message.error() if message is not None else None
        if error is None:
            return
        raise_if_denied(error)
        if error.code() == KafkaError.INCONSISTENT_GROUP_PROTOCOL:
            raise _populated(self._settings, error.str())
        if error.fatal():
            raise FatalError(f"the group {self._settings.group}: {error.str()}")

    def check(self) -> None:
        """Serve the group, and make sure that it is still ours. Raises FatalError."""
        self._heard(0)
        if self._lost:
            raise FatalError(
                f"the group {self._settings.group} is not ours alone any more: a worker started meanwhile, "
                "or this process stood still for long"
                "\n  remedy: stop all workers, and run it again: it goes on where it ended"
            )

    def offsets(self, number: int) -> list[TopicPartition]:
        """Return the group's offsets of a partition as they are. Raises ConfigError where there are none."""
        inputs = [TopicPartition(topic, number) for topic in self._names.inputs]
        found = patiently(lambda: committed(self._consumer, inputs))
        known = [TopicPartition(topic, number, offset) for topic, offset in found.items() if offset >= 0]
        if not known:
            raise ConfigError(
                f"the group {self._settings.group} has no offset in partition {number}",
                setting="group",
                remedy="is it the workers' group? `qosresolve topics create` writes first offsets",
            )
        return known

    def metadata(self) -> Any:  # noqa: ANN401 - the client's own class
        """Return the group's metadata of now: the generation is the fence."""
        return self._consumer.consumer_group_metadata()


def raise_if_populated(settings: Settings) -> None:
    """Refuse while the workers' group has a member. Raises ConfigError."""
    admin = clients.admin(settings)  # kept until it has answered: without it nobody would
    found = admin.describe_consumer_groups([settings.group], request_timeout=TIMEOUT)
    try:
        members = list(found[settings.group].result().members)
    except KafkaException as error:
        raise_if_denied(error)
        if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
            return
        raise
    if members:
        named = ", ".join(sorted(f"{member.client_id} at {member.host}" for member in members)[:5])
        raise _populated(settings, named)


def _populated(settings: Settings, who: str) -> ConfigError:
    return ConfigError(
        f"the workers' group {settings.group} has members ({who}): they would write meanwhile",
        setting="--in-place",
        remedy="stop all workers first; one that was killed is a member for session_timeout_ms "
        f"({settings.session_timeout_ms} ms) more",
    )
