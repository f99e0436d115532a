"""TMF637 products and TMF638 services, versions 4 and 5, as far as they say what realises what.

Their relations are made by `combine`: a product names the services that realise it, and what supports those
stands in the services themselves.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qosresolve.intake.loading.problems import At, Problem
from qosresolve.intake.paths import Json, Object, first, items, obj, objects, text
from qosresolve.intake.words import plain

_TIERS = frozenset({"tier", "customertier", "slatier", "servicetier", "servicelevel"})
_OWNERS = frozenset({"supplier", "owner", "provider", "serviceprovider", "serviceowner"})
_SITES = frozenset({"installation", "installationaddress", "installationsite", "serviceaddress", "site"})
_OVER = frozenset({"terminated", "cancelled", "aborted"})  # TMF637 ProductStatusType, TMF638 ServiceStateType
# TMF638 serviceRelationship.relationshipType: the other one is a part of this one, or carries it.
_RELIES = frozenset(
    {"relieson", "dependson", "requires", "contains", "bundles", "bundled", "iscomposedof", "composedof"}
    | {"haspart", "uses", "supportedby", "issupportedby"}
)


@dataclass(frozen=True, slots=True)
class Named:
    """A reference: id, and the name where it has one."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """A TMF637 product."""

    at: At
    id: str
    customer: str
    tier: str
    site: str
    offering: str
    services: tuple[Named, ...]
    resources: tuple[Named, ...]
    over: bool


@dataclass(frozen=True, slots=True)
class Service:
    """A TMF638 service; `owner` is the outside party that supplies it."""

    at: At
    id: str
    name: str
    owner: str
    services: tuple[Named, ...]
    resources: tuple[Named, ...]
    over: bool


def product(item: Object, at: At) -> tuple[Product | None, list[Problem]]:
    """Return a product, or what is wrong with it."""
    name = text(item.get("id"))
    at = at.of(f"product {name}")
    services, wrong = _references(item, "realizingService", at)
    resources, also = _references(item, "realizingResource", at)
    problems = [*_nameless(name, at), *wrong, *also]
    offering = obj(item.get("productOffering"))
    return None if problems else Product(
        at, name, _party(item, frozenset({"customer"})), _tier(item), _site(item),
        text(first(offering, "id", "name")), tuple(services), tuple(resources), _over(item.get("status")),
    ), problems  # fmt: skip


def service(item: Object, at: At) -> tuple[Service | None, list[Problem]]:
    """Return a service, or what is wrong with it."""
    name = text(item.get("id"))
    at = at.of(f"service {name}")
    services, wrong = _references(item, "supportingService", at)
    resources, also = _references(item, "supportingResource", at)
    problems = [*_nameless(name, at), *wrong, *also]
    services += [
        Named(*_identity(other))
        for other in objects(item.get("serviceRelationship"))
        if plain(other.get("relationshipType")) in _RELIES and _identity(other)[0]
    ]
    return None if problems else Service(
        at, name, text(item.get("name")), _party(item, _OWNERS), tuple(dict.fromkeys(services)),
        tuple(resources), _over(item.get("state")),
    ), problems  # fmt: skip


def _nameless(name: str, at: At) -> list[Problem]:
    return [] if name else [Problem(at, "id", "missing", "every product and service has one")]


def _references(item: Object, field: str, at: At) -> tuple[list[Named], list[Problem]]:
    """Return what a field refers to, and a problem for each reference that names nothing."""
    found = [Named(*_identity(other)) for other in items(item.get(field))]
    wrong = [Problem(at, field, "a reference without an id", "name the id") for one in found if not one.id]
    return [one for one in dict.fromkeys(found) if one.id], wrong


def _identity(other: Json) -> tuple[str, str]:
    """Return id and name of a reference, which may lie in it (v5 `partyOrPartyRole`, `place`, `service`)."""
    if not isinstance(other, dict):
        return text(other), ""
    for inner in (other, *(obj(other.get(name)) for name in _WITHIN)):
        name = text(inner.get("id")) or text(inner.get("href")).rstrip("/").rpartition("/")[2]
        if name:
            return name, text(inner.get("name"))
    return "", ""


_WITHIN = ("partyOrPartyRole", "place", "service", "resource", "value")


def _party(item: Object, roles: frozenset[str]) -> str:
    """Return the id of the first party in one of some roles."""
    parties = objects(item.get("relatedParty"))
    return next((_identity(party)[0] for party in parties if plain(party.get("role")) in roles), "")


def _site(item: Object) -> str:
    """Return the place where the product is installed; the first, where none says that it is."""
    places = list(objects(item.get("place")))
    chosen = next((place for place in places if plain(place.get("role")) in _SITES), None)
    return next((_identity(place)[0] for place in ([chosen] if chosen else places)), "")


def _tier(item: Object) -> str:
    for one in objects(item.get("productCharacteristic")):
        if plain(one.get("name")) in _TIERS:
            value = one.get("value")
            return text(value) or text(first(obj(value), "value", "name", "id"))
    return ""


def _over(status: Json) -> bool:
    return plain(status) in _OVER


def twice(found: Iterable[Product] | Iterable[Service]) -> Iterator[Problem]:
    """Yield a problem for each id that two different ones have."""
    seen: dict[str, Product | Service] = {}
    for one in found:
        before = seen.setdefault(one.id, one)
        if before is not one and not _equal(before, one):
            yield Problem(one.at, "id", f"is at {before.at} too, with other content", "leave one out")


def _equal(one: Product | Service, other: Product | Service) -> bool:
    fields = [name for name in one.__slots__ if name != "at"]
    return all(getattr(one, name) == getattr(other, name) for name in fields)
