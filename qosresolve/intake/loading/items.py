"""JSON files: one object, an array of them, or one a line; and what each of them is."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from enum import StrEnum

import msgspec

from qosresolve.intake.inventory import Relation
from qosresolve.intake.loading.columns import REQUIRED, field_of, headings, relation
from qosresolve.intake.loading.problems import At, Problem
from qosresolve.intake.paths import Json, Object, text
from qosresolve.intake.words import plain

_PRODUCT = frozenset(
    {
        "realizingService",
        "realizingResource",
        "productOffering",
        "productSpecification",
        "productCharacteristic",
    }
    | {"productRelationship", "productTerm", "productPrice", "productSerialNumber", "isBundle"}
)
_SERVICE = frozenset(
    {
        "supportingService",
        "supportingResource",
        "serviceSpecification",
        "serviceCharacteristic",
        "serviceType",
    }
    | {"serviceRelationship", "serviceOrderItem", "isServiceEnabled", "hasStarted", "isStateful"}
)
_DEEP = "nested too deeply"


class Kind(StrEnum):
    """What a JSON object is."""

    RELATION = "relation"
    PRODUCT = "TMF637 product"
    SERVICE = "TMF638 service"


def split(whole: str, file: str) -> Iterator[tuple[At, Json | Problem]]:
    """Yield what is in a file, item by item, or a problem in its place."""
    at = At(file)
    try:
        value = _decoded(whole)
    except ValueError:
        yield from _lines(whole, at)
        return
    if isinstance(value, list):
        yield from ((At(file, what=f"item {number}"), item) for number, item in enumerate(value, 1))
    else:
        yield at, value


def _lines(whole: str, at: At) -> Iterator[tuple[At, Json | Problem]]:
    """Yield one object a line; where not even the first line is one, the file as a whole is wrong."""
    good = False
    for number, line in enumerate(whole.split("\n"), 1):
        if not line.strip():
            continue
        here = At(at.file, number)
        try:
            value = _decoded(line)
        except ValueError:
            if not good:
                yield at, _malformed(whole, at)
                return
            yield here, _malformed(line, here)
            continue
        good = True
        yield here, value


def _decoded(value: str) -> Json:
    try:
        return msgspec.json.decode(value)
    except RecursionError:
        raise ValueError(_DEEP) from None


def _malformed(value: str, at: At) -> Problem:
    """Return what is wrong with JSON, with line and column."""
    remedy = "write one object, an array of objects, or one object a line"
    try:
        json.loads(value)
    except json.JSONDecodeError as error:
        where = At(at.file, max(at.line, 1) + error.lineno - 1)
        return Problem(where, "", f"no JSON: {error.msg} (column {error.colno})", remedy)
    except RecursionError:
        return Problem(at, "", f"no JSON: {_DEEP}", remedy)
    return Problem(at, "", "no JSON: numbers out of range, or NaN", remedy)


def kind_of(item: Object) -> Kind | None:
    """Return what an object is by its fields, else by its `@type`."""
    if {field_of(name) for name in item}.issuperset(REQUIRED):
        return Kind.RELATION
    names = item.keys()
    if len(names & _SERVICE) != len(names & _PRODUCT):
        return Kind.SERVICE if len(names & _SERVICE) > len(names & _PRODUCT) else Kind.PRODUCT
    told = plain(item.get("@baseType")) or plain(item.get("@type"))
    return Kind.PRODUCT if told.endswith("product") else Kind.SERVICE if told.endswith("service") else None


def read(item: Object, at: At) -> tuple[Relation | None, list[Problem]]:
    """Return the relation of an object with our fields' names, or what is wrong with it."""
    names, problems = headings(list(item), at)
    for name, value in item.items():
        if isinstance(value, dict | list):
            problems.append(Problem(at, name, "holds an object or an array", "write a text"))
    if problems:
        return None, problems
    return relation({name: text(value) for name, value in zip(names, item.values(), strict=True)}, at)


def write(relations: Iterable[Relation]) -> Iterator[str]:
    """Yield a line of JSON for each relation, with its end; empty fields are left out."""
    for each in relations:
        told = {name: value for name, value in asdict(each).items() if value}
        yield json.dumps(told, ensure_ascii=False) + "\n"
