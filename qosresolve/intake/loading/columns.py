"""Rows of tables and JSON lines: which column is which field of a relation, and what a value may be."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

from qosresolve.contracts.limits import MAX_ID
from qosresolve.core.vocabulary import ObjectKind
from qosresolve.intake.inventory import Relation
from qosresolve.intake.loading.problems import At, Problem, meant
from qosresolve.intake.words import plain

FIELDS = tuple(field.name for field in fields(Relation))
REQUIRED = ("object_id", "product_id")
KINDS = (ObjectKind.SERVICE, ObjectKind.RESOURCE)
_GIVEN = frozenset({"", *KINDS})
_ALIASES = {
    "object_id": ("object", "resource", "resource_id", "element"),
    "object_kind": ("kind", "object_type"),
    "product_id": ("product",),
    "customer_id": ("customer", "account"),
    "tier": ("customer_tier", "sla_tier", "service_level"),
    "site": ("site_id", "location", "place"),
    "offering": ("offering_id", "product_offering"),
    "owner_party": ("owner", "party", "supplier"),
    "service_id": ("service",),
}
_MEANT = {plain(name): field for field in FIELDS for name in (field, *_ALIASES[field])}


def field_of(name: str) -> str:
    """Return the field that a column's name stands for, in any case and spelling; empty for none."""
    return _MEANT.get(plain(name), "")


def headings(names: Sequence[str], at: At) -> tuple[list[str], list[Problem]]:
    """Return the field of each column, and what is wrong with them: unknown, twice, or missing."""
    found = [field_of(name) for name in names]
    problems = [
        Problem(at, name, "no such column", meant(name, FIELDS))
        for name, field in zip(names, found, strict=True)
        if not field
    ]
    for field in FIELDS:
        same = [name for name, other in zip(names, found, strict=True) if other == field]
        if len(same) > 1:
            problems.append(Problem(at, field, f"named twice, as {' and '.join(same)}", "leave one out"))
        elif not same and field in REQUIRED:
            problems.append(Problem(at, field, "missing", f"add a column {field}"))
    return found, problems


def relation(values: Mapping[str, str], at: At) -> tuple[Relation | None, list[Problem]]:
    """Return what a row says, by our fields' names, or what is wrong with it.

    Without a kind, an object is a resource, or a service where it is its own `service_id`.
    """
    if not _plain(values):
        problems = [problem for name in FIELDS for problem in _flaws(name, values.get(name, ""), at)]
        if problems:
            return None, problems
    told = {name: value for name, value in values.items() if name != "object_kind"}
    kind = values.get("object_kind", "").casefold()
    if not kind:
        kind = ObjectKind.SERVICE if told["object_id"] == told.get("service_id") else ObjectKind.RESOURCE
    return Relation(object_kind=ObjectKind(kind), **told), []


def _plain(values: Mapping[str, str]) -> bool:
    """Tell at a glance whether nothing can be wrong: of a million rows hardly one has flaws."""
    if not values.get("object_id") or not values.get("product_id"):
        return False
    whole = "".join(values.values())
    return (
        len(whole) <= MAX_ID
        and whole.isascii()
        and whole.isprintable()
        and values.get("object_kind", "") in _GIVEN
    )


def _flaws(name: str, value: str, at: At) -> list[Problem]:
    if not value:
        return [Problem(at, name, "empty", "name it, or leave the row out")] if name in REQUIRED else []
    if not value.isprintable():
        return [Problem(at, name, f"{value!r} holds characters that nobody sees", "write it without them")]
    if len(value.encode()) > MAX_ID:
        return [Problem(at, name, f"{len(value.encode())} bytes", f"at most {MAX_ID} are taken")]
    if name == "object_kind" and value.casefold() not in KINDS:
        return [Problem(at, name, f"{value!r} is no kind", f"write {' or '.join(KINDS)}")]
    return []
