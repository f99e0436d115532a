"""Dependencies that are down: since when, and topics that are not there.

Whatever the worker waits for, it waits in the same way: the batch is taken again, nothing of it is buried,
and after a while somebody is asked to look.
"""

import time

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from qosresolve.errors import FatalError, RetriableError
from qosresolve.kafka.reading import partitions_of


class Outage:
    """What a worker waits for at present."""

    def __init__(self, admin: AdminClient) -> None:
        self._admin = admin
        self._missing: set[str] = set()
        self._round_began = self._failed_at = self._since = float("-inf")

    def begin(self) -> None:
        """Note that a round begins."""
        self._round_began = time.monotonic()

    def failed(self, why: str, *, quiet_s: float, patience_s: float) -> None:
        """Count a round that failed to the same outage, or to a new one after a quiet time.

        Raises FatalError when it lasts for too long. A round may take as long to fail as one that works takes
        in all, so the quiet time is that between two rounds.
        """
        if self._round_began - self._failed_at > quiet_s:
            self._since = self._round_began
        if time.monotonic() - self._since > patience_s:
            raise FatalError(f"gave up after {patience_s:.0f} s: {why}; see docs/runbooks/dependency-down.md")

    def waited(self) -> None:
        """Note that the pause after a round that failed is over."""
        self._failed_at = time.monotonic()

    def missed(self, topic: str) -> None:
        """Note a topic that the client missed: it says so once, and would be silent ever after."""
        self._missing.add(topic)

    def look_for_topics(self) -> None:
        """Raise RetriableError while one of them is not there."""
        for topic in list(self._missing):
            try:
                found = partitions_of(self._admin, topic)
            except KafkaException as error:
                raise RetriableError(f"cannot look for topic {topic}: {error}") from error
            if found == 0:
                raise RetriableError(
                    f"topic {topic} is not there; was it deleted? See docs/runbooks/truncated-input.md"
                )
            self._missing.remove(topic)
