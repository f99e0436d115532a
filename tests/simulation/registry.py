"""Contracts whose schema registry may be down: then nothing is read or written, and nothing may be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.errors import RetriableError
from qosresolve.topics import INPUTS as TOPIC_INPUTS

if TYPE_CHECKING:
    from fastavro.types import Schema

    from qosresolve.contracts.codec import Value


ALL, INPUTS = "all", "inputs"
_RECORDS = frozenset(topic.record for topic in TOPIC_INPUTS)


class Registry:
    """The switch."""

    def __init__(self) -> None:
        self.down = ""  # for all, or for inputs: a schema that is known already needs no registry

    def check(self, record: str) -> None:
        """Raise as the codec does while no registry answers."""
        if self.down == ALL or (self.down == INPUTS and record in _RECORDS):
            raise RetriableError("schema registry, as the simulation wants it: no answer")


class _Codec(SingleObjectCodec):
    def __init__(self, registry: Registry) -> None:
        super().__init__()
        self._registry = registry

    def frame(self, record: str) -> bytes:
        self._registry.check(record)
        return super().frame(record)

    def today(self, record: str, data: bytes) -> int:
        self._registry.check(record)
        return super().today(record, data)

    def decode(self, record: str, data: bytes, onto: Schema | None = None) -> Value:
        self._registry.check(record)
        return super().decode(record, data, onto)


def contracts(registry: Registry) -> Contracts:
    """Return contracts that depend on it."""
    return Contracts(_Codec(registry))
