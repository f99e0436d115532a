"""Values that programs stumble over, and values of any field of the core's inputs."""

import types
from dataclasses import fields, is_dataclass
from enum import Enum
from random import Random
from typing import Any, Union, get_args, get_origin, get_type_hints

from qosresolve.contracts.limits import EARLIEST, LATEST

CANARY = "zanarkand"  # in many texts: it must not be told where something fails
TEXTS = (
    CANARY,
    "",
    " ",
    "\0",
    "a\x1fb",
    "\x7f",
    "\x85",
    "\u2028",
    "\ufeff",
    "\u202eabc",
    "e\u0301",
    "\u00e9",
    "\ufb01",
    "\u0130",
    "\u1e9e",
    "\U0001f4a9" * 10,
    "\U0010ffff",
    "\ud7ff\ue000",
    "a" * 255,
    "a" * 256,
    "a" * 257,
    "\u00fc" * 128,
    "\u00fc" * 129,
    "\U0001f4a9" * 64,
    "\U0001f4a9" * 65,
    "x" * 9_999,
    "\u20ac" * 3_334,
    "../../etc/passwd",
    "a/b",
    "/",
    "%s%n{0}",
    "'; --",
    "null",
    "nan",
    "-0",
    "1e999",
    "9" * 400,
    "\n\r\t",
    "<&>",
    "|",
    "a|b|raise|1",
)
NUMBERS = (0, 1, -1, 2, 127, 128, 255, 256, 2**31 - 1, 2**31, -(2**31), 2**53, 2**62, 2**63 - 1, -(2**63))
INSTANTS = (
    0,
    -1,
    EARLIEST - 1,
    EARLIEST,
    LATEST - 1,
    LATEST,
    2**63 - 1,
    -(2**63),
    2**31,
    253_402_300_800_000,  # the year 10000
)


def text(chance: Random) -> str:
    """Return a text, most often a short one."""
    if chance.random() < 0.5:
        return chance.choice(TEXTS)
    return "".join(
        chr(chance.choice((33, 97, 0x2FF, 0x4E00)) + chance.randrange(20))
        for _ in range(chance.randrange(12))
    )


def encoded(chance: Random) -> bytes:
    """Return such a text as bytes."""
    return text(chance).encode("utf-8", "replace")


_PLANS: dict[type, tuple[tuple[str, object], ...]] = {}


def _plan(kind: type) -> tuple[tuple[str, object], ...]:
    """Return the fields of an input with their types, looked up once."""
    if kind not in _PLANS:
        hints = get_type_hints(kind)
        _PLANS[kind] = tuple((field.name, hints[field.name]) for field in fields(kind))
    return _PLANS[kind]


def odd(chance: Random, kind: type, share: float = 0.3) -> Any:  # noqa: ANN401 - any of the inputs
    """Return an input whose fields hold odd values, some share of them; the others are plain."""
    return kind(**{name: _of(chance, hint, name, share) for name, hint in _plan(kind)})


def odd_field(chance: Random, body: Any) -> tuple[str, Any]:  # noqa: ANN401
    """Return one field of an input and an odd value for it."""
    name, hint = chance.choice(_plan(type(body)))
    return name, _of(chance, hint, name, 1.0)


def _of(chance: Random, hint: object, name: str, share: float) -> Any:  # noqa: ANN401
    arguments = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        return _of(chance, chance.choice(arguments), name, share)
    if get_origin(hint) is tuple:
        return tuple(
            _of(chance, arguments[0], name, share) for _ in range(chance.choice((0, 0, 1, 2, 7, 300)))
        )
    if is_dataclass(hint) and isinstance(hint, type):
        return odd(chance, hint, share)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return chance.choice(list(hint))
    return _plain(chance, hint, name, strange=chance.random() < share)


def _plain(chance: Random, hint: object, name: str, *, strange: bool) -> Any:  # noqa: ANN401
    if hint is str:
        return text(chance) if strange else f"{name}-{chance.randrange(4)}"
    if hint is int and (name == "due" or name.endswith("at")):
        return chance.choice(INSTANTS) if strange else EARLIEST + chance.randrange(LATEST - EARLIEST)
    if hint is int:
        return chance.choice(NUMBERS) if strange else chance.randrange(10)
    table: dict[object, object] = {bool: chance.random() < 0.5, type(None): None, bytes: chance.randbytes(8)}
    return table[hint]
