"""The door: files in any of the formats become relations, or a list of all that is wrong with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from qosresolve.intake.inventory import Relation
from qosresolve.intake.loading import items, tables, tmf
from qosresolve.intake.loading.columns import FIELDS, relation
from qosresolve.intake.loading.combine import combine
from qosresolve.intake.loading.items import Kind
from qosresolve.intake.loading.problems import At, Problem
from qosresolve.intake.paths import Json


class Format(StrEnum):
    """The formats of inventory files; `auto` looks."""

    AUTO = "auto"
    CSV = "csv"
    JSONL = "jsonl"
    TMF637 = "tmf637"
    TMF638 = "tmf638"


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its name as it is told, and what is in it."""

    file: str
    text: str
    format: Format = Format.AUTO


@dataclass(frozen=True, slots=True)
class Loaded:
    """What files say: relations by key in the files' order; with a problem, they are not to be used.

    `notes` tell what was left out on purpose.
    """

    relations: dict[str, Relation]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Found:
    relations: list[tuple[Relation, At]] = field(default_factory=list)
    products: list[tmf.Product] = field(default_factory=list)
    services: list[tmf.Service] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


_KINDS = {Format.JSONL: Kind.RELATION, Format.TMF637: Kind.PRODUCT, Format.TMF638: Kind.SERVICE}


def load(sources: Sequence[Source], *, names: bool = False) -> Loaded:
    """Return what some files say together: products in one may rest on services in another.

    With `names`, services and resources of TMF files are known by their names too.
    """
    found = _Found()
    for source in sources:
        _read(source, found)
    if found.services and not found.products:
        at = found.services[0].at
        found.problems.append(
            Problem(
                At(at.file), "", "services, and no products that they realise", "name a file of products too"
            )
        )
    found.problems += [*tmf.twice(found.products), *tmf.twice(found.services)]
    combined = combine(found.products, found.services, names=names)
    for made, at in combined.relations:  # their ids come from other objects' references
        found.problems += relation({name: str(getattr(made, name)) for name in FIELDS}, at)[1]
    relations = _by_key([*found.relations, *combined.relations], found.problems)
    return Loaded(relations, tuple(found.problems), tuple(combined.notes))


def _read(source: Source, found: _Found) -> None:
    text = source.text.removeprefix("\ufeff")
    form = source.format
    if form is Format.AUTO:
        form = Format.JSONL if text.lstrip()[:1] in ("{", "[") else Format.CSV
        wanted = None
    else:
        wanted = _KINDS.get(form)
    if form is Format.CSV:
        for made, problems, at in tables.read(text, source.file):
            _keep(made, problems, at, found)
        return
    for at, item in items.split(text, source.file):
        if isinstance(item, Problem):
            found.problems.append(item)
        else:
            _item(item, at, wanted, found)


def _item(item: Json, at: At, wanted: Kind | None, found: _Found) -> None:
    if not isinstance(item, dict):
        found.problems.append(Problem(at, "", f"{type(item).__name__}, no object", "write JSON objects"))
        return
    match wanted or items.kind_of(item):
        case Kind.RELATION:
            _keep(*items.read(item, at), at, found)
        case Kind.PRODUCT:
            product, problems = tmf.product(item, at)
            found.products += [product] if product else []
            found.problems += problems
        case Kind.SERVICE:
            service, problems = tmf.service(item, at)
            found.services += [service] if service else []
            found.problems += problems
        case None:
            remedy = "say which with --format, or give it an @type of Product or Service"
            what = "neither a relation (object_id, product_id) nor a TMF637 product or TMF638 service"
            found.problems.append(Problem(at, "", what, remedy))


def _keep(made: Relation | None, problems: list[Problem], at: At, found: _Found) -> None:
    if made is not None:
        found.relations.append((made, at))
    found.problems += problems


def _by_key(made: Iterable[tuple[Relation, At]], problems: list[Problem]) -> dict[str, Relation]:
    """Return relations by their keys; two that differ under one key are a problem."""
    found: dict[str, tuple[Relation, At]] = {}
    for one, at in made:
        before, place = found.setdefault(one.key, (one, at))
        if before != one:
            what = f"{one.object_id} under {one.product_id} is told at {place} too, with other content"
            problems.append(Problem(at, "", what, "leave one out"))
    return {key: one for key, (one, _) in found.items()}
