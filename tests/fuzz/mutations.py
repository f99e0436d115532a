"""Changes to a good record: to its bytes, its frame, its topic, its key, its headers and its time."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from qosresolve.contracts import schemas
from qosresolve.topics import INPUTS
from tests.fuzz import pools
from tests.fuzz.samples import Sample
from tests.support.avro import zigzag

TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
COUNTS = tuple(map(zigzag, (0, 1, -1, 2, 7, 2**20, 2**31, 2**40, 2**62, -(2**40), -(2**63))))
TRACES = (TRACE, b"ff" + TRACE[2:], b"", b"00-0-0-00", TRACE * 2, b"\xff" * 20, TRACE.upper(), TRACE + b"\n")
Change = Callable[[Random, bytes, bytes], bytes]


def _flip(chance: Random, data: bytes, __: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        if out:
            out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def _overwrite(chance: Random, data: bytes, _: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes([chance.choice((0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF))]) + data[at + 1 :]


def _count(chance: Random, data: bytes, _: bytes) -> bytes:
    at = chance.randrange(10, len(data) + 1) if len(data) > 10 else 0
    return data[:at] + chance.choice(COUNTS) + data[at + chance.choice((0, 1, 1, 2)) :]


def _cut(chance: Random, data: bytes, _: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _tail(chance: Random, data: bytes, _: bytes) -> bytes:
    return data + chance.choice((b"\0", b"\x80", chance.randbytes(5), data))


def _splice(chance: Random, data: bytes, other: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _delete(chance: Random, data: bytes, _: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + data[at + chance.randrange(1, 9) :]


def _repeat(chance: Random, data: bytes, _: bytes) -> bytes:
    at, size = chance.randrange(len(data) + 1), chance.randrange(1, 40)
    return data[: at + size] + data[at : at + size] * chance.choice((1, 2, 100)) + data[at + size :]


def _insert(chance: Random, data: bytes, _: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(pools.TEXTS).encode("utf-8", "surrogatepass")[:300] + data[at:]


def _noise(chance: Random, _: bytes, __: bytes) -> bytes:
    return chance.randbytes(chance.choice((0, 1, 2, 5, 9, 10, 11, 40, 200)))


def _noise_behind_a_frame(chance: Random, data: bytes, _: bytes) -> bytes:
    return data[:10] + chance.randbytes(chance.choice((0, 1, 20, 60, 200)))


def _other_frame(chance: Random, data: bytes, _: bytes) -> bytes:
    record = chance.choice(schemas.records())
    return b"\xc3\x01" + chance.choice(list(schemas.versions(record))) + data[10:]


def _large(chance: Random, data: bytes, _: bytes) -> bytes:
    return (data + chance.choice((b"\0", b"\x02", b"a"))) * (
        chance.choice((1 << 16, 1 << 20, (1 << 20) + 1)) // (len(data) + 1)
    )


BYTES: tuple[Change, ...] = (
    *(_flip, _flip, _overwrite, _count, _count, _cut, _tail, _splice, _delete, _repeat, _insert),
    *(_noise, _noise_behind_a_frame, _other_frame),
)


def mutated(chance: Random, sample: Sample, other: bytes, ids: list[int]) -> Sample:
    """Return a record with one thing or several changed; `other` is a value to splice with."""
    value = sample.value or b""
    if chance.random() < 0.6:
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            value = chance.choice(BYTES)(chance, value, other)
        sample = replace(sample, value=value)
    if chance.random() < 0.002:
        sample = replace(sample, value=_large(chance, value, other))
    if chance.random() < 0.02:
        sample = replace(sample, value=None)
    if ids and chance.random() < 0.3:
        sample = reframed(chance, sample, ids)
    if chance.random() < 0.1:
        sample = replace(sample, topic=chance.randrange(len(INPUTS)))
    if chance.random() < 0.2:
        sample = replace(sample, key=_key(chance))
    if chance.random() < 0.3:
        sample = _with_headers(chance, sample)
    if chance.random() < 0.05:
        sample = replace(sample, time=chance.choice(pools.INSTANTS))
    return sample


def reframed(chance: Random, sample: Sample, ids: list[int]) -> Sample:
    """Return a record as one behind a registry frames it: under an id that is right, wrong or unknown."""
    schema_id = chance.choice((*ids, chance.randrange(2**32), 0, 2**32 - 1))
    body = (sample.value or b"")[10:]
    if chance.random() < 0.5:  # what the schemas of others have more
        body = chance.choice((b"\0\0" + body, body + b"\0", body + zigzag(2) + bytes(16) + b"\0", body))
    return replace(sample, value=b"\0" + schema_id.to_bytes(4, "big") + body)


def _key(chance: Random) -> bytes | None:
    pick = chance.random()
    if pick < 0.2:
        return None
    if pick < 0.98:
        return chance.choice((b"", b"\xff\xfe", pools.encoded(chance), chance.randbytes(20)))
    return chance.choice((b"k", b"\xff")) * chance.choice((300, 70_000, 1_000_000))


def _with_headers(chance: Random, sample: Sample) -> Sample:
    pick = chance.random()
    if pick < 0.05:
        return replace(sample, holed=True)
    if pick < 0.06:
        return replace(sample, headers=tuple((f"h{number}", b"x") for number in range(1_000)))
    if pick < 0.065:
        return replace(sample, headers=(("large", chance.randbytes(1_000) * 1_000),))
    names = ("traceparent", "traceparent", "__connect.errors.topic", "forwarded-from", "", pools.text(chance))
    held = (
        None,
        b"",
        chance.choice(TRACES),
        pools.encoded(chance),
        chance.randbytes(9),
    )
    count = chance.choice((1, 1, 2, 5))
    headers = tuple((_named(chance.choice(names)), chance.choice(held)) for _ in range(count))
    return replace(sample, headers=headers)


def _named(name: str) -> str:
    return name.encode("utf-8", "replace").decode().replace("\0", "")
