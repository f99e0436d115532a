"""What a partition remembers, told from its journal: for the case that its own record was lost. Pure.

Every input that was taken left exactly one entry, so the newest one of each input tells the next offset.
Policy and windows are facts. An input of which the journal tells nothing has not been read yet.
"""

from collections.abc import Mapping

from qosresolve.core.facts import Entry, PolicyActivated, WindowLifted, WindowSet
from qosresolve.core.partition import PartitionState, Position, TopicIdentity
from qosresolve.kafka.windows import Windows


class Remembering:
    """Takes the entries of one partition, in order."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}
        self._policy = ""
        self._windows = Windows()
        self._newest = 0

    def take(self, entry: Entry) -> None:
        """Take one entry, whatever it is about."""
        cause = entry.cause
        if cause.offset >= 0:  # the first policy was activated by no record
            self._next[cause.topic] = max(self._next.get(cause.topic, 0), cause.offset + 1)
        self._newest = max(self._newest, entry.now)
        for fact in entry.facts:
            match fact:
                case PolicyActivated(policy):
                    self._policy = policy
                case WindowSet() | WindowLifted():
                    self._windows = self._windows.told(fact, entry.now)

    def state(self, number: int, starts: Mapping[str, int], ids: Mapping[str, str]) -> PartitionState:
        """Return the partition's state; `starts` are the inputs' first offsets, `ids` the present topics'.

        Without a policy in the journal the worker activates the configured one, as at its first start.
        """
        return PartitionState(
            number,
            tuple(Position(topic, self._next.get(topic, start)) for topic, start in starts.items()),
            self._policy,
            self._windows.kept(self._newest).known,
            tuple(TopicIdentity(topic, identity) for topic, identity in ids.items()),
            self._newest,
        )
