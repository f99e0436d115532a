"""Avro bytes to dataclasses, by functions that are written out from a schema once, field by field.

The other way of `writers`, and for bytes of today's schema only. A function returns what fastavro and
`convert` make of the same bytes, or raises one of `UNREAD`: then those two say what is wrong, in their words.
A test holds the two ways together, for whole bytes and for damaged ones.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, get_args, get_type_hints

from qosresolve.contracts import schemas
from qosresolve.contracts.compiling import Compiler, is_enum, remembered, whole
from qosresolve.core.record import is_record

UNREAD = (LookupError, ValueError)  # UnicodeDecodeError is a ValueError

Read = Callable[[bytes, int], Any]
Part = tuple[Any, int]  # a value, and where it ends

KEPT = 50_000  # texts that are remembered: the same products, sources and indicators come again and again
SHORT = 64  # bytes; longer texts seldom come twice
# Texts that differ in every record.
FRESH = frozenset({"event_id", "value", "report_id", "obligation_id", "description", "raw", "trace"})
_MOST_BYTES = 9  # of a number that is certain to fit 64 bits


class _Texts(dict[bytes, str]):
    """What UTF-8 bytes say; the same bytes are the same object."""

    def __missing__(self, written: bytes) -> str:
        text = written.decode()
        return remembered(self, written, text, KEPT) if len(written) <= SHORT else text


_HIGH: dict[bytes, int] = {}  # the upper part of numbers of six bytes: instants of eight seconds share it


def zigzag(data: bytes, at: int) -> tuple[int, int]:
    """Return a number, before its sign is taken out of its lowest bit, and where it ends."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    second = data[at + 1]
    if second < 0x80:
        return first & 0x7F | second << 7, at + 2
    low = first & 0x7F | (second & 0x7F) << 7
    written = data[at + 2 : at + 6]
    high = _HIGH.get(written)
    if high is not None:
        return low | high, at + 6
    number, end = _groups(data, at + 2, 14)
    if end == at + 6:
        remembered(_HIGH, written, number, KEPT)
    return low | number, end


def _groups(data: bytes, at: int, shift: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, the lowest first, above so many bits, and its end."""
    number = 0
    for end in range(at, at + _MOST_BYTES - 2):
        byte = data[end]
        if byte < 0x80:
            return number | byte << shift, end + 1
        number |= (byte & 0x7F) << shift
        shift += 7
    raise ValueError("a number of too many bytes")


def size(data: bytes, at: int) -> tuple[int, int]:
    """Return a number that may not be negative, and where it ends."""
    twice, at = zigzag(data, at)
    if twice & 1:
        raise ValueError("a negative length")
    return twice >> 1, at


SIZES = tuple([None if byte & 0x81 else byte >> 1 for byte in range(256)])  # by their only byte


def array(data: bytes, at: int, read: Callable[[bytes, int], Part]) -> Part:
    """Return an array's items and its end; blocks that tell their size are left to the general reader."""
    items: list[Any] = []
    while True:
        number, at = size(data, at)
        if not number:
            return tuple(items), at
        for _ in range(number):
            item, at = read(data, at)
            items.append(item)


@cache
def reader(record: str, kind: type) -> Read:
    """Return a function (bytes, where the record begins) -> a value of a dataclass.

    It raises one of `UNREAD` for bytes that are not exactly that record.
    """
    part = _Compiler().function(whole(record, schemas.fields(record)), kind)

    def read(data: bytes, start: int) -> object:
        value, end = part(data, start)
        if end != len(data):
            raise ValueError("not the end of the bytes")
        return value

    return read


class _Compiler(Compiler):
    """Makes the functions (bytes, where it begins) -> (value, where it ends) of one record."""

    def __init__(self) -> None:
        super().__init__(
            {
                "SIZES": SIZES, "TEXTS": _Texts(), "array": array, "make": object.__new__, "size": size,
                "zigzag": zigzag,
            }
        )  # fmt: skip

    def function(self, schema: dict[str, Any], kind: type) -> Callable[[bytes, int], Part]:
        """Return the function that reads a record and says where it ends."""
        part: Callable[[bytes, int], Part] = self._known[self._record(schema, kind)]
        return part

    def _record(self, schema: dict[str, Any], kind: type) -> str:
        key = (f"{schema['namespace']}.{schema['name']}", kind)
        if key not in self._made:
            self._made[key] = self._written_out(schema, kind)
        return self._made[key]

    def _written_out(self, schema: dict[str, Any], kind: type) -> str:
        hints = get_type_hints(kind)
        names = [field["name"] for field in schema["fields"]]
        if set(names) != {field.name for field in fields(kind)}:
            raise TypeError(f"{kind.__name__} has not the fields of {schema['name']}")
        made = self._name(kind)
        # A record's fields are set as they are read; other dataclasses are made of all of them at the end.
        target = "o.{}" if is_record(kind) else "v_{}"
        lines = [f"o = make({made})"] if is_record(kind) else []
        for field in schema["fields"]:
            name = field["name"]
            lines += self._value(field["type"], hints[name], target.format(name), fresh=name in FRESH)
        value = "o" if is_record(kind) else f"{made}({', '.join(f'{name}=v_{name}' for name in names)})"
        return self._defined("b, i", [*lines, f"return {value}, i"])

    def _value(
        self,
        node: Any,  # noqa: ANN401 - a schema is any JSON
        hint: Any,  # noqa: ANN401 - a type's hint
        to: str,
        *,
        fresh: bool = False,
    ) -> list[str]:
        """Return the lines that read a value from `b` at `i`, set it, and move `i` behind it."""
        match node := self._resolved(node):
            case list():
                lines = self._union(node, hint, to)
            case {"type": "record"}:
                lines = [f"{to}, i = {self._record(node, hint)}(b, i)"]
            case {"type": "array", "items": items}:
                some = f"    {to}, i = array(b, i, {self._item(items, get_args(hint)[0])})"
                lines = ["if b[i]:", some, "else:", f"    {to} = (); i += 1"]
            case {"type": "enum", "symbols": symbols}:
                word = hint if is_enum(hint) else str
                lines = [_looked_up(to, self._name({at << 1: word(item) for at, item in enumerate(symbols)}))]
            case "boolean":
                lines = [_looked_up(to, self._name({0: False, 1: True}))]
            case "int" | "long":
                some = f"{to} = n >> 1 ^ -(n & 1)"
                lines = ["n = b[i]; i += 1", "if n & 0x80: n, i = zigzag(b, i - 1)", some]
            case "bytes":
                lines = _sized(f"{to} = b[i:e]", f"{to} = b''")
            case "string" if is_enum(hint):
                words = self._name({word.value.encode(): word for word in hint})
                lines = _sized(f"{to} = {words}[b[i:e]]", f"{to} = {words}[b'']")
            case "string":
                text = "b[i:e].decode()" if fresh else "TEXTS[b[i:e]]"
                lines = _sized(f"{to} = {text}", f"{to} = ''")
            case _:
                raise TypeError(f"no reader for {node}")
        return lines

    def _item(self, node: Any, hint: Any) -> str:  # noqa: ANN401 - a schema is any JSON
        """Return the name of a function that reads one item of an array."""
        resolved = self._resolved(node)
        if isinstance(resolved, dict) and resolved["type"] == "record":
            return self._record(resolved, hint)
        return self._defined("b, i", [*self._value(node, hint, "v"), "return v, i"])

    def _union(self, node: list[Any], hint: Any, to: str) -> list[str]:  # noqa: ANN401 - a type's hint
        if "null" not in node:
            return ["n, i = size(b, i)", f"{to}, i = {self._branches(node, hint)}[n](b, i)"]
        (branch,) = (item for item in node if item != "null")
        (kind,) = (item for item in get_args(hint) if item is not type(None))
        some = [f"    {line}" for line in self._value(branch, kind, to)]
        null, other = (at << 1 for at in (node.index("null"), node.index(branch)))
        return [
            "n = b[i]; i += 1",
            f"if n == {null}: {to} = None",
            f"elif n == {other}:", *some,
            "else: raise ValueError('no such branch')",
        ]  # fmt: skip

    def _branches(self, node: list[Any], hint: Any) -> str:  # noqa: ANN401 - a type's hint
        """Return the name of a table from a branch to its function, for a union of records."""
        kinds = {kind.__name__: kind for kind in get_args(hint)}
        records = [self._resolved(branch) for branch in node]
        return self._name([self.function(item, kinds[item["name"]]) for item in records])


def _sized(some: str, none: str) -> list[str]:
    """Return the lines that read what begins with its length."""
    return [
        "n = SIZES[b[i]]; i += 1",
        "if n is None: n, i = size(b, i - 1)",
        "if n:", f"    e = i + n; {some}; i = e",
        "else:", f"    {none}",
    ]  # fmt: skip


def _looked_up(to: str, table: str) -> str:
    return f"{to} = {table}[b[i]]; i += 1"
