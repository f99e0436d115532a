"""Records that can never be taken, of every kind that a topic meets: each has to become one dead letter."""

import random
from collections.abc import Callable

from qosresolve.core.inputs import Degradation
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from tests.kafka.harness import RECORDS, wall_ms

Poison = tuple[bytes | None, list[tuple[str, bytes | None]]]


def _event(product: str, **changes: object) -> bytes:
    values: dict[str, object] = {
        "product_id": product,
        "event_id": "poison",
        "source": "probe",
        "sequence": 1,
        "kind": DegradationKind.RAISE,
        "indicator": "latency",
        "object_id": "service",
        "object_kind": ObjectKind.SERVICE,
        "severity": Severity.MINOR,
        "observed_at": wall_ms(),
    }
    return RECORDS.write_input(Degradation(**(values | changes)))[1]  # type: ignore[arg-type]


def _noise(dice: random.Random, _: str) -> Poison:
    return dice.randbytes(dice.randrange(1, 200)), []


def _cut(dice: random.Random, product: str) -> Poison:
    whole = _event(product)
    return whole[: dice.randrange(1, len(whole))], []


def _tail(_: random.Random, product: str) -> Poison:
    return _event(product) + b"\x00\x01", []


def _foreign_schema(_: random.Random, product: str) -> Poison:
    whole = _event(product)
    return whole[:2] + b"\xff" * 8 + whole[10:], []


def _other_record(_: random.Random, product: str) -> Poison:
    policy = RECORDS.write_policy("0" * 64, product, 0, b"{}")
    return policy, []


def _confluent(_: random.Random, product: str) -> Poison:
    return b"\x00\x00\x00\x00\x07" + _event(product)[10:], []


def _tombstone(_: random.Random, __: str) -> Poison:
    return None, []


def _empty(_: random.Random, __: str) -> Poison:
    return b"", []


def _no_source(_: random.Random, product: str) -> Poison:
    return _event(product, source=""), []


def _control_character(_: random.Random, product: str) -> Poison:
    return _event(product, object_id="a\x1fb"), []


def _long_id(_: random.Random, product: str) -> Poison:
    return _event(product, site="x" * 300), []


def _other_century(_: random.Random, product: str) -> Poison:
    return _event(product, observed_at=1), []


def _large(dice: random.Random, _: str) -> Poison:
    return b"\xc3\x01" + dice.randbytes(100_000), []


def _with_headers(dice: random.Random, _: str) -> Poison:
    """Headers that are null, empty, bytes that are no text, or ours already: a dead letter keeps them."""
    headers = [("a", None), ("a", b""), ("b", b"\xff\xfe"), ("__connect.errors.topic", b"earlier")]
    return dice.randbytes(20), headers


KINDS: dict[str, Callable[[random.Random, str], Poison]] = {
    "noise": _noise,
    "cut short": _cut,
    "bytes too many": _tail,
    "unknown schema": _foreign_schema,
    "another record": _other_record,
    "no registry": _confluent,
    "tombstone": _tombstone,
    "empty": _empty,
    "no source": _no_source,
    "control character": _control_character,
    "id too long": _long_id,
    "another century": _other_century,
    "large": _large,
    "strange headers": _with_headers,
}


def poison(dice: random.Random, product: str) -> Poison:
    """Return the value and headers of a record of some kind."""
    return KINDS[dice.choice(sorted(KINDS))](dice, product)
