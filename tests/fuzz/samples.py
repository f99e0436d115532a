"""One record as it would lie on an input topic, and how a history of them is written down."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, cast

from confluent_kafka import Message

from qosresolve.topics import INPUTS
from tests.kafka.bench import HERE, NAMES

COMMIT, ABORT = "commit", "abort"  # what may follow a record


@dataclass(frozen=True, slots=True)
class Sample:
    """A record; `topic` is the input's index, `time` the broker's in ms.

    `holed`: a header's name is no text. `down`: the registry does not answer when it comes first. `ends` says
    whether the batch ends with it.
    """

    topic: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    time: int
    holed: bool = False
    down: bool = False
    ends: str = ""

    @property
    def name(self) -> str:
        """Return the full name of its topic."""
        return NAMES.of(INPUTS[self.topic])

    def message(self) -> Message:
        """Return it as the client would hand it out."""
        kind = _Holed if self.holed else Message
        return kind(
            topic=self.name,
            partition=HERE,
            offset=self.offset,
            key=self.key,
            value=self.value,
            headers=cast("Any", list(self.headers) or None),
            timestamp=(2, self.time),
        )


class _Holed(Message):
    """A message whose headers hold a name that is no text: to ask a second time would end the process."""

    _asked = False
    _instead: Any = None

    def headers(self) -> Any:  # noqa: ANN401 - as the client's
        if self._instead is not None:
            return self._instead
        assert not self._asked, "the client was asked again for headers with a hole"
        self._asked = True
        raise SystemError("returned a result with an exception set")

    def set_headers(self, value: Any) -> None:  # noqa: ANN401
        self._instead = value


def save(path: Path, samples: Iterable[Sample], **about: object) -> None:
    """Write a history as a regression case."""
    records = [{name: _plain(item) for name, item in asdict(sample).items()} for sample in samples]
    path.write_text(json.dumps({**about, "records": records}, indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> tuple[list[Sample], dict[str, Any]]:
    """Return the records of a case, and what was written about it."""
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    records = case.pop("records")
    return [_sample(record) for record in records], case


def _plain(item: object) -> object:
    if isinstance(item, bytes):
        return item.hex()
    if isinstance(item, (list, tuple)):
        return [[name, None if held is None else held.hex()] for name, held in item]
    return item


def _sample(record: dict[str, Any]) -> Sample:
    for name in ("key", "value"):
        record[name] = None if record[name] is None else bytes.fromhex(record[name])
    record["headers"] = tuple(
        (name, None if held is None else bytes.fromhex(held)) for name, held in record["headers"]
    )
    return Sample(**{field.name: record[field.name] for field in fields(Sample) if field.name in record})
