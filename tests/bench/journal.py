"""Whether the journal names each event once, told from its headers while it is read; nothing is decoded."""

from collections.abc import Iterable, Mapping
from typing import cast

from confluent_kafka import Message

from tests.bench.whole.answers import identified
from tests.bench.whole.measuring import FailedError


class Taken:
    """Which offsets of an input the journal has named, one byte each."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._seen: dict[int, bytearray] = {}
        self._whole: dict[int, int] = {}  # all below are named
        self.count = 0

    def read(self, messages: Iterable[Message]) -> None:
        """Note what records of the journal name. Raises FailedError where that was named before."""
        for message in messages:
            headers = cast("list[tuple[str, str | bytes | None]]", message.headers() or [])
            offset = identified(headers, self._topic)
            if offset is not None:
                self.note(message.partition() or 0, offset)

    def note(self, partition: int, offset: int) -> None:
        """Note that an event was taken. Raises FailedError where it was already."""
        seen = self._seen.setdefault(partition, bytearray())
        if offset >= len(seen):
            seen.extend(bytes(offset + 1 - len(seen)))
        if seen[offset]:
            raise FailedError(f"the event at {partition}/{offset} is in the journal twice")
        seen[offset] = 1
        self.count += 1

    def up_to(self, partition: int) -> int:
        """Return the first offset of a partition that is not named yet."""
        seen = self._seen.get(partition, bytearray())
        found = seen.find(0, self._whole.get(partition, 0))
        self._whole[partition] = found if found >= 0 else len(seen)
        return self._whole[partition]

    def whole(self, ends: Mapping[int, int]) -> None:
        """Check that of each partition all offsets below its end were named, and none else."""
        for partition in sorted(ends.keys() | self._seen.keys()):
            seen, end = self._seen.get(partition, bytearray()), ends.get(partition, 0)
            if seen.count(1) != end or len(seen) != end:
                raise FailedError(
                    f"partition {partition} has {end:,} events, the journal names {seen.count(1):,} up to "
                    f"{len(seen):,}"
                )
