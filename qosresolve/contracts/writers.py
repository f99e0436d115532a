"""Dataclasses to Avro bytes, by functions that are written out from a schema once, field by field.

What a general encoder asks of every value (which type, which branch, which field of which dict) is asked here
of the schema, when the function is made. The bytes are those that fastavro writes of the same value; a test
holds the two together. A function raises what Python does for a value that is not of its type.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from qosresolve.contracts import schemas
from qosresolve.contracts.compiling import Compiler, is_enum, remembered, whole

Write = Callable[[Any], bytes]

KEPT = 50_000  # texts and numbers whose bytes are remembered: most are written again and again
SHORT = 64  # characters; longer texts are seldom written twice
# Fields that differ in every event.
FRESH = frozenset({"event_id", "observed_at", "offset", "sequence", "sampled_at", "value"})
_HIGHEST = 1 << 50  # 64 bits less the 14 of the table


class _Longs(dict[int, bytes]):
    """The bytes of an int or long: zigzag, then seven bits a byte."""

    def __missing__(self, number: int) -> bytes:
        return remembered(self, number, long(number), KEPT)


def long(number: int) -> bytes:
    """Return the bytes of an int or long, made afresh: 14 bits of it from a table, the rest remembered.

    An instant of the next eight seconds has the same rest.
    """
    zigzag = number << 1 if number >= 0 else ~(number << 1)
    if zigzag < 0x4000:
        return _SMALL[zigzag]
    return _LOW[zigzag & 0x3FFF] + _HIGH[zigzag >> 14]


def _groups(left: int) -> bytes:
    """Return a number as groups of seven bits, the lowest first, all but the last marked."""
    groups = []
    while left > 0x7F:
        groups.append(left & 0x7F | 0x80)
        left >>= 7
    groups.append(left)
    return bytes(groups)


class _Low(dict[int, bytes]):
    """Two groups that others follow, by their 14 bits."""

    def __missing__(self, bits: int) -> bytes:
        written = self[bits] = bytes((bits & 0x7F | 0x80, bits >> 7 | 0x80))
        return written


class _Small(dict[int, bytes]):
    """The one or two groups of a number of 14 bits."""

    def __missing__(self, bits: int) -> bytes:
        written = self[bits] = _groups(bits)
        return written


class _High(dict[int, bytes]):
    """The groups that follow them. Raises OverflowError where it is no long."""

    def __missing__(self, bits: int) -> bytes:
        if bits >= _HIGHEST:
            raise OverflowError("a number that is no long")
        return remembered(self, bits, _groups(bits), KEPT)


class _Texts(dict[str, bytes]):
    """The bytes of a string: its length, then UTF-8."""

    def __missing__(self, text: str) -> bytes:
        written = string(text)
        return remembered(self, text, written, KEPT) if len(text) <= SHORT else written


def string(text: str) -> bytes:
    """Return the bytes of a string, made afresh."""
    body = text.encode()
    return LONGS[len(body)] + body


_LOW, _SMALL, _HIGH = _Low(), _Small(), _High()
LONGS, TEXTS = _Longs(), _Texts()
_BOOLEANS = {False: b"\x00", True: b"\x01"}
_TABLES = {"long": "LONGS", "int": "LONGS", "string": "TEXTS", "boolean": "BOOLEANS"}
_AFRESH = {"long": "long", "string": "string"}


def _array(items: Sequence[Any], write: Write) -> bytes:
    if len(items) == 1:
        return b"\x02%b\x00" % write(items[0])
    return b"".join((LONGS[len(items)], *map(write, items), b"\x00")) if items else b"\x00"


@cache
def writer(record: str, kind: type) -> Write:
    """Return a function that writes values of a dataclass as a record of `schemas/`, without a frame."""
    return _Compiler().function(whole(record, schemas.fields(record)), kind)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Some neighbouring fields of a record make a piece, and each is written alone.

    `all(value)` writes every piece; `again(value, was, written)` takes from what was written of `was` each
    piece whose values are the very same objects: what a fold keeps.
    """

    all: Callable[[Any], list[bytes]]
    again: Callable[[Any, Any, list[bytes]], list[bytes]]


def pieces(record: str, kind: type, groups: Sequence[list[dict[str, Any]]]) -> Pieces:
    """Return how a record is written in pieces, one for each group of its fields."""
    return _Compiler().pieces([(whole(record, group), group) for group in groups], kind)


class _Compiler(Compiler):
    """Makes the functions value -> bytes of one record."""

    def __init__(self) -> None:
        super().__init__(
            {
                "LONGS": LONGS, "TEXTS": TEXTS, "BOOLEANS": _BOOLEANS, "array": _array, "join": b"".join,
                "long": long, "string": string,
            }
        )  # fmt: skip

    def function(self, schema: dict[str, Any], kind: type) -> Write:
        """Return the function that writes a record."""
        write: Write = self._known[self._function(schema, kind)]
        return write

    def pieces(self, groups: Sequence[tuple[dict[str, Any], list[dict[str, Any]]]], kind: type) -> Pieces:
        """Return the functions that write groups of fields, each as a piece."""
        every, lines = [], ["p = p.copy()"]
        for at, (schema, group) in enumerate(groups):
            write = self._function(schema, kind)
            differs = " or ".join(f"v.{field['name']} is not w.{field['name']}" for field in group)
            every.append(f"{write}(v)")
            lines.append(f"if {differs}: p[{at}] = {write}(v)")
        names = (
            self._defined("v", [f"return [{', '.join(every)}]"]),
            self._defined("v, w, p", [*lines, "return p"]),
        )
        return Pieces(*(self._known[name] for name in names))

    def _function(self, schema: dict[str, Any], kind: type, branch: bytes = b"") -> str:
        held: list[str] = []
        pieces = ([repr(branch)] if branch else []) + self._fields(schema, kind, "v", held)
        return self._defined("v", [*held, f"return join(({', '.join(pieces)},))" if pieces else "return b''"])

    def _fields(self, schema: dict[str, Any], kind: type, holder: str, held: list[str]) -> list[str]:
        """Return the expressions that write the fields of what a name holds.

        The fields of a record within are among them, by a name that a line of `held` gives to it.
        """
        hints = get_type_hints(kind)
        pieces = []
        for field in schema["fields"]:
            name, value = field["name"], f"{holder}.{field['name']}"
            node = self._resolved(field["type"])
            afresh = _AFRESH.get(str(node)) if name in FRESH else None
            if afresh:
                pieces.append(f"{afresh}({value})")
            elif isinstance(node, dict) and node["type"] == "record":
                inner = f"{holder}_{name}"
                held.append(f"{inner} = {value}")
                pieces += self._fields(node, hints[name], inner, held)
            else:
                pieces += self._pieces(field["type"], value, hints[name])
        return pieces

    def _pieces(self, node: Any, value: str, hint: Any) -> list[str]:  # noqa: ANN401 - a schema is any JSON
        """Return the expressions whose bytes, one after the other, are the value's."""
        node = self._resolved(node)
        if node == "bytes":
            return [f"LONGS[len({value})]", value]
        if isinstance(node, str):
            return [f"{_TABLES[node]}[{value}{'._value_' if is_enum(hint) else ''}]"]
        if isinstance(node, list):
            return [self._union(node, value, hint)]
        if node["type"] == "enum":
            table = self._name({symbol: LONGS[at] for at, symbol in enumerate(node["symbols"])})
            return [f"{table}[{value}{'._value_' if is_enum(hint) else ''}]"]
        if node["type"] == "array":
            return [f"array({value}, {self._item(node['items'], get_args(hint)[0])})"]
        return [f"{self._record(node, hint)}({value})"]

    def _record(self, node: dict[str, Any], kind: type) -> str:
        key = (f"{node['namespace']}.{node['name']}", kind)
        if key not in self._made:
            self._made[key] = self._function(node, kind)
        return self._made[key]

    def _item(self, node: Any, hint: Any) -> str:  # noqa: ANN401 - a schema is any JSON
        """Return the name of a function that writes one item of an array."""
        resolved = self._resolved(node)
        if isinstance(resolved, dict) and resolved["type"] == "record":
            return self._record(resolved, hint)
        return self._defined("v", [f"return join(({', '.join(self._pieces(node, 'v', hint))},))"])

    def _union(self, node: list[Any], value: str, hint: Any) -> str:  # noqa: ANN401 - a type's hint
        if "null" not in node:
            return f"{self._branches(node, hint)}[type({value})]({value})"
        null = node.index("null")
        (branch,) = (item for item in node if item != "null")
        (kind,) = (item for item in get_args(hint) if item is not type(None))
        pieces = " + ".join([repr(LONGS[1 - null]), *self._pieces(branch, value, kind)])
        return f"({LONGS[null]!r} if {value} is None else {pieces})"

    def _branches(self, node: list[Any], hint: Any) -> str:  # noqa: ANN401 - a type's hint
        """Return the name of a table from class to function, for a union of records."""
        kinds = {kind.__name__: kind for kind in get_args(hint)}
        table = {}
        for at, branch in enumerate(node):
            record = self._resolved(branch)
            kind = kinds[record["name"]]
            table[kind] = self._known[self._function(record, kind, LONGS[at])]
        return self._name(table)
