"""From products and services to relations: every service and resource that a product rests on, once each."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from qosresolve.core.record import changed
from qosresolve.core.vocabulary import ObjectKind
from qosresolve.intake.inventory import Relation
from qosresolve.intake.loading.problems import At
from qosresolve.intake.loading.tmf import Named, Product, Service

Made = tuple[Relation, At]


@dataclass(slots=True)
class Combined:
    """Relations with their places, and what somebody may want to know of how they came about."""

    relations: list[Made] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def combine(products: Iterable[Product], services: Iterable[Service], *, names: bool) -> Combined:
    """Return the relations of products. With `names`, objects are known by name too, where one has it alone.

    A resource belongs to the service that it supports; one that supports several stands for itself, for what
    fails there is the resource. What belongs to an outside party's service is that party's.
    """
    known = {one.id: one for one in services}
    supporting: dict[str, set[str]] = defaultdict(set)
    for one in known.values():
        for resource in () if one.over else one.resources:
            supporting[resource.id].add(one.id)
    world = _World(known, supporting)
    made = Combined()
    for product in {one.id: one for one in products}.values():
        made.relations += _of_product(product, world, made.notes)
    if world.unknown:
        made.notes.append(_counted(world.unknown, "services are in no file: what supports them is not known"))
    if names:
        made.relations += _by_name(made.relations, world, made.notes)
    return made


@dataclass(slots=True)
class _World:
    services: Mapping[str, Service]
    supporting: Mapping[str, set[str]]
    unknown: dict[str, None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # by id

    def named(self, one: Named) -> None:
        if one.name:
            self.names.setdefault(one.id, one.name)


def _of_product(product: Product, world: _World, notes: list[str]) -> Iterator[Made]:
    if product.over:
        notes.append(f"{product.at}: left out, it is over by its status")
        return
    if not product.services and not product.resources:
        notes.append(f"{product.at}: left out, it names nothing that realises it")
    base = Relation(
        "", ObjectKind.RESOURCE, product.id, product.customer, product.tier, product.site, product.offering
    )
    resources = dict.fromkeys(product.resources)
    below = _services(product, world)
    for one in below:
        world.named(one)
        found = world.services.get(one.id)
        owner = found.owner if found else ""
        yield changed(base, object_id=one.id, object_kind=ObjectKind.SERVICE, owner_party=owner), product.at
        resources.update(dict.fromkeys(found.resources if found else ()))
    taken = {one.id for one in below}
    for one in resources:
        world.named(one)
        if one.id not in taken:
            taken.add(one.id)
            yield _of_resource(base, one, world), product.at


def _services(product: Product, world: _World) -> list[Named]:
    """Return the services that realise a product, and what these rest on, each once."""
    found: dict[str, Named] = {}
    ahead = list(product.services)[::-1]
    while ahead:
        one = ahead.pop()
        if one.id in found:
            continue
        service = world.services.get(one.id)
        if service is not None and service.over:
            continue
        found[one.id] = one
        if service is None:
            world.unknown[one.id] = None
        else:
            found[one.id] = Named(one.id, service.name or one.name)
            ahead += service.services[::-1]
    return list(found.values())


def _of_resource(base: Relation, one: Named, world: _World) -> Relation:
    parents = world.supporting.get(one.id, set())
    owners = {world.services[parent].owner for parent in parents}
    return changed(
        base,
        object_id=one.id,
        owner_party=owners.pop() if len(owners) == 1 else "",
        service_id=next(iter(parents)) if len(parents) == 1 else "",
    )


def _by_name(made: list[Made], world: _World, notes: list[str]) -> list[Made]:
    """Return the same relations by the objects' names, as far as a name is one object's alone."""
    bearers: dict[str, set[str]] = defaultdict(set)
    for object_id, name in world.names.items():
        bearers[name].add(object_id)
    ids = {relation.object_id for relation, _ in made}
    shared = {
        name: None for name, some in bearers.items() if len(some) > 1 or (name in ids and some != {name})
    }
    if shared:
        notes.append(_counted(shared, "names are not one object's alone: they are known by id only"))
    return [
        (changed(relation, object_id=name, service_id=relation.service_id or relation.object_id), at)
        for relation, at in made
        if (name := world.names.get(relation.object_id, "")) and name not in shared and name not in ids
    ]


def _counted(names: Mapping[str, None], what: str) -> str:
    shown = ", ".join(list(names)[:5])
    return f"{len(names)} {what}: {shown}{', ...' if len(names) > 5 else ''}"
