"""Framing without a registry: what is taken, what is poison, and that poison always says what to do."""

import contextlib
from io import BytesIO

import pytest
from fastavro import schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st

from qosresolve.contracts import schemas
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Deadline, Degradation
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.errors import PoisonRecordError

CODEC = SingleObjectCodec()
CONTRACTS = Contracts(CODEC)
NOW = 1_760_000_000_000
EVENT = Degradation(
    "prod-1",
    "e-1",
    "tca",
    7,
    DegradationKind.RAISE,
    "latency",
    "svc-1",
    ObjectKind.SERVICE,
    Severity.MAJOR,
    NOW,
)
GOOD = CONTRACTS.write_input(EVENT)[1]


def refused(record: str, data: bytes, codec: SingleObjectCodec = CODEC) -> PoisonRecordError:
    """Return the error that a reader answers with."""
    with pytest.raises(PoisonRecordError) as raised:
        codec.decode(record, data)
    assert raised.value.remedy
    return raised.value


def test_the_frame() -> None:
    """C3 01, then the fingerprint, then nothing but Avro."""
    assert GOOD[:2] == b"\xc3\x01"
    assert GOOD[2:10] == schemas.current("degradation").fingerprint
    body = BytesIO()
    schemaless_writer(body, schemas.current("degradation").parsed, CODEC.decode("degradation", GOOD))
    assert GOOD[10:] == body.getvalue()


@pytest.mark.parametrize("data", [b"", b"{}", b"\xc3", b"\xc3\x02" + GOOD[2:], GOOD[10:]])
def test_no_frame(data: bytes) -> None:
    """Bytes without a frame that we know are poison; the error names both frames."""
    assert "C3 01" in str(refused("degradation", data))


def test_confluent_without_a_registry() -> None:
    """Confluent framing needs a registry: the remedy names the setting."""
    error = refused("degradation", b"\x00\x00\x00\x00\x07" + GOOD[10:])
    assert "schema id 7" in str(error)
    assert "schema_registry_url" in error.remedy


def test_an_unknown_fingerprint() -> None:
    """A schema that is not bundled is poison, and may come from a newer version."""
    error = refused("degradation", b"\xc3\x01" + b"\x01" * 8 + GOOD[10:])
    assert "newer version" in error.remedy


def test_another_record() -> None:
    """Bytes of another record are not read as this one: the error names both."""
    data = CONTRACTS.write_input(Deadline("prod-1", "r", 1, NOW))[1]
    assert "degradation: these are the bytes of a deadline" in str(refused("degradation", data))


def test_trailing_bytes() -> None:
    """One record a message: what follows it is not ignored."""
    assert "1 bytes too many" in str(refused("degradation", GOOD + b"\x00"))


@pytest.mark.parametrize("length", range(2, len(GOOD)))
def test_cut_short(length: int) -> None:
    """A record that was cut anywhere is poison."""
    assert refused("degradation", GOOD[:length]).stage == "decode"


def test_too_large() -> None:
    """Size is looked at before anything is decoded."""
    assert refused("degradation", GOOD, SingleObjectCodec(max_bytes=len(GOOD) - 1)).stage == "size"
    assert SingleObjectCodec(max_bytes=len(GOOD)).decode("degradation", GOOD)["product_id"] == "prod-1"


@pytest.mark.parametrize("record", schemas.records())
@given(body=st.binary(max_size=200))
@settings(max_examples=20, deadline=None)
def test_noise(record: str, body: bytes) -> None:
    """Whatever follows a frame, the reader gives a record or poison, nothing else."""
    with contextlib.suppress(PoisonRecordError):
        CODEC.decode(record, b"\xc3\x01" + schemas.current(record).fingerprint + body)


@given(st.integers(10, len(GOOD) - 1), st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_a_changed_byte(position: int, byte: int) -> None:
    """An input with any byte changed is read or poison, nothing else."""
    changed = bytearray(GOOD)
    changed[position] = byte
    with contextlib.suppress(PoisonRecordError):
        CONTRACTS.read_input("degradation", bytes(changed))


def test_huge_counts() -> None:
    """An array that claims more items than there are bytes ends at the last byte, not in memory."""
    count = b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
    for record in ("report-event", "watch", "partition"):
        frame = b"\xc3\x01" + schemas.current(record).fingerprint
        for lead in range(40):
            refused(record, frame + b"\x00" * lead + count + b"\x00" * 3)


def test_poison_does_not_tell_the_payload_at_length() -> None:
    """The error's text is short, whatever the bytes are."""
    frame = b"\xc3\x01" + schemas.current("degradation").fingerprint
    assert len(str(refused("degradation", frame + b"\xc8\x01" + b"\xff" * 100))) < 300
