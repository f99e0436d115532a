"""Bytes and schemas that are made to hurt: each is answered within a second and some megabytes.

They are decoded in a process that has one gigabyte and little time; a bomb that goes off ends that process,
not this one.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qosresolve.contracts import schemas
from qosresolve.contracts.codec import MAX_BYTES, MOST_BYTES
from tests.contracts.decoder import INPUTS
from tests.support.avro import zigzag

pytestmark = pytest.mark.slow

Spot = tuple[
    bytes, bytes, bytes
]  # what is before an array's first count, one least item, what is after its end
SECONDS, MEBIBYTES = 1.5, 32.0
STATE_MEBIBYTES = 512.0  # what only we write: a fact of two bytes is half a kilobyte of Python
ROOT = Path(__file__).parents[2]


class Decoder:
    """The process that decodes; a test that ends it fails, and the next has another."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def __call__(self, record: str, data: bytes, schema: str = "") -> tuple[str, float, float]:
        """Return what came of it, in how many seconds, with how many MiB at the peak."""
        child = self._child = self._child or subprocess.Popen(
            [sys.executable, "-m", "tests.contracts.decoder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps({"record": record, "data": data.hex(), "schema": schema}) + "\n")
        child.stdin.flush()
        answer = child.stdout.readline()
        if not answer:
            status, self._child = child.wait(), None
            raise AssertionError(f"{record} ended the process with {status}: {data[:60].hex()}")
        came_to, seconds, peak = json.loads(answer)
        return str(came_to), float(seconds), float(peak)

    def end(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.communicate()


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    """Return a process that all tests share."""
    made = Decoder()
    yield made
    made.end()


# -- our own schemas


class Least:
    """The least bytes of a schema's values, and the places of its arrays."""

    def __init__(self, schema: Any) -> None:  # noqa: ANN401 - any JSON
        self._named: dict[str, Any] = {}
        self.schema = schema

    def of(self, node: Any) -> bytes:  # noqa: ANN401
        """Return the shortest value of a type."""
        if isinstance(node, list):
            return b"\x00" + self.of(node[0])
        if isinstance(node, str):
            return self.of(self._named[node]) if node in self._named else {"null": b""}.get(node, b"\x00")
        match node["type"]:
            case "record":
                self._learn(node)
                return b"".join(self.of(item["type"]) for item in node["fields"])
            case "enum" | "array":
                self._learn(node)
                return b"\x00"
            case nested:
                return self.of(nested)

    def _learn(self, node: Any) -> None:  # noqa: ANN401
        if "name" in node:
            self._named[f"{node['namespace']}.{node['name']}" if "namespace" in node else node["name"]] = node

    def spots(self, node: Any) -> Iterator[Spot]:  # noqa: ANN401
        """Yield every array of a type, each once."""
        if isinstance(node, list):
            for index, branch in enumerate(node):
                for before, item, after in self.spots(branch):
                    yield zigzag(index) + before, item, after
        elif isinstance(node, dict) and node["type"] == "record":
            self._learn(node)
            before = b""
            for number, item in enumerate(node["fields"]):
                rest = b"".join(self.of(later["type"]) for later in node["fields"][number + 1 :])
                for ahead, unit, behind in self.spots(item["type"]):
                    yield before + ahead, unit, behind + rest
                before += self.of(item["type"])
        elif isinstance(node, dict) and node["type"] == "array":
            yield b"", self.of(node["items"]), b""
            for before, unit, after in self.spots(node["items"]):
                yield zigzag(1) + before, unit, after + b"\x00"
        elif isinstance(node, dict) and not isinstance(node["type"], str):
            yield from self.spots(node["type"])


def _filled(spot: Spot, room: int) -> Iterator[bytes]:
    """Yield an array as large as a record may be, and arrays that only say that they are."""
    before, item, after = spot
    fit = (room - len(before) - len(after) - 12) // len(item)
    yield before + zigzag(fit) + item * fit + b"\x00" + after
    fit = (room - len(before) - len(after) - 12) // (len(item) + 1)
    yield before + (zigzag(1) + item) * fit + b"\x00" + after
    for count in (2**62, 2**40, -(2**40), -(2**63), fit + 10**6):
        size = zigzag(2**40) if count < 0 else b""
        yield before + zigzag(count) + size + item * 100 + b"\x00" + after


@pytest.mark.parametrize("record", schemas.records())
def test_the_bundled_schemas_hold_no_bomb(record: str, decoder: Decoder) -> None:
    """Arrays of the least items, a million blocks, counts beyond the last byte: bounded, for each array."""
    frame = b"\xc3\x01" + schemas.current(record).fingerprint
    least = Least(json.loads(schemas.text(record)))
    # What only we write is slow to blow up, not wild.
    room = MOST_BYTES.get(record, MAX_BYTES) if record in INPUTS else MAX_BYTES // 8
    most = MEBIBYTES if record in INPUTS else STATE_MEBIBYTES * room / MAX_BYTES
    for spot in list(least.spots(least.schema))[:8]:
        for body in _filled(spot, room - len(frame)):
            came_to, seconds, peak = decoder(record, frame + body)
            what = f"{came_to[:80]} took {seconds:.2f} s and {peak:.0f} MiB: {body[:60].hex()}"
            assert peak < most, what
            assert seconds < SECONDS, what


def test_the_largest_text(decoder: Decoder) -> None:
    """A megabyte in one text is refused by its length: no field may hold so much."""
    text = zigzag(MAX_BYTES - 200) + b"x" * (MAX_BYTES - 200)
    least = Least(json.loads(schemas.text("degradation")))
    data = b"\xc3\x01" + schemas.current("degradation").fingerprint + text + least.of(least.schema)[1:]
    came_to, _, peak = decoder("degradation", data)
    assert came_to.startswith("poison: degradation.product_id")
    assert peak < MEBIBYTES


# -- schemas of others


def _with(kind: object) -> str:
    """Return today's schema of deadline, with one more field before the others."""
    schema = json.loads(schemas.text("deadline"))
    schema["fields"].insert(0, {"name": "more", "type": kind})
    return json.dumps(schema)


def _array(items: object) -> dict[str, object]:
    return {"type": "array", "items": items}


FIXED = {"type": "fixed", "name": "F", "size": 8}
POINT = {
    "type": "record",
    "name": "Pt",
    "fields": [{"name": "x", "type": "double"}, {"name": "y", "type": FIXED}],
}
ENDLESS = ["boolean", "float", "double", FIXED, POINT]
REST = b"\x02p\x00\x00" + zigzag(1_760_000_000_000)


@pytest.mark.parametrize("items", ENDLESS, ids=str)
@pytest.mark.parametrize("count", [2**62, 2**40, -(2**62)])
def test_an_array_that_we_pass_over_ends_with_the_bytes(items: object, count: int, decoder: Decoder) -> None:
    """Ten bytes kept the library busy for ever: what it does not need it passes over without looking."""
    body = zigzag(count) + (zigzag(0) if count < 0 else b"") + b"\x00" * 16
    came_to, seconds, _ = decoder("deadline", body, _with(_array(items)))
    assert came_to.startswith("poison: deadline")
    assert seconds < SECONDS


@pytest.mark.parametrize("items", [*ENDLESS, "long", "string", ["null", "double"]], ids=str)
def test_an_array_that_we_pass_over_is_passed_over(items: object, decoder: Decoder) -> None:
    """What others write in good faith beside what we know is read as ever."""
    item = {"long": b"\x08", "string": b"\x02x"}.get(
        str(items), b"\x02" + bytes(8) if isinstance(items, list) else None
    )
    if item is None:
        sizes = {"boolean": 1, "float": 4, "double": 8}
        item = bytes(sizes[items] if isinstance(items, str) else 8 if items is FIXED else 16)
    body = zigzag(3) + item * 3 + zigzag(-2) + zigzag(2 * len(item)) + item * 2 + b"\x00" + REST
    came_to, _, _ = decoder("deadline", body, _with(_array(items)))
    assert came_to == "read"


@pytest.mark.parametrize(
    "kind",
    [
        "bytes",
        "string",
        _array("string"),
        {"type": "map", "values": "double"},
        {"type": "map", "values": _array("long")},
        ["null", "string", _array("boolean")],
    ],
    ids=str,
)
def test_lengths_beyond_the_last_byte(kind: object, decoder: Decoder) -> None:
    """Nothing is set aside before it is there, and a negative length is no length."""
    for number in (2**62, 2**31, -1, -(2**63)):
        for lead in (b"", zigzag(1)):
            came_to, seconds, peak = decoder("deadline", lead + zigzag(number) + bytes(20), _with(kind))
            assert came_to.startswith("poison: deadline")
            assert seconds < SECONDS
            assert peak < MEBIBYTES


def test_the_largest_record_of_the_largest_schema(decoder: Decoder) -> None:
    """As many fields as are admitted, each as small as may be, as often as a record holds."""
    wide = {
        "type": "record",
        "name": "Wide",
        "fields": [{"name": f"f{number}", "type": ["null", "long"]} for number in range(450)],
    }
    fit = (MAX_BYTES - 100) // 450
    body = zigzag(fit) + bytes(450 * fit) + b"\x00" + REST
    came_to, seconds, peak = decoder("deadline", body, _with(_array(wide)))
    assert came_to == "read"
    assert seconds < SECONDS
    assert peak < MEBIBYTES
