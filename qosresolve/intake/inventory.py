"""Which products lie on a service or resource: relations, looked up by the names of an object.

A million relations have to fit: each is kept as the record that it came in, and decoded on first use, with a
bounded number of decoded ones at hand. Nearly every object lies under one product, and then its only record
lies in the table as one string of bytes. Reading the topic is `kafka.inventory`'s business.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from qosresolve.contracts.records import Contracts
from qosresolve.core.record import record
from qosresolve.core.vocabulary import ObjectKind
from qosresolve.errors import FatalError, PoisonRecordError

CACHED = 50_000  # decoded relations


@record
class Relation:
    """One object under one product (`schemas/inventory.avsc`)."""

    object_id: str
    object_kind: ObjectKind
    product_id: str
    customer_id: str = ""
    tier: str = ""
    site: str = ""
    offering: str = ""
    owner_party: str = ""
    service_id: str = ""

    @property
    def key(self) -> str:
        """Return the key of its record: object, a slash, product."""
        return f"{self.object_id}/{self.product_id}"


Rows = dict[str, bytes]  # product id -> Avro bytes
_NONE: tuple[str, ...] = ()


class Inventory:
    """All relations by object. Only `put` changes it."""

    def __init__(self, contracts: Contracts, cached: int = CACHED) -> None:
        self._contracts = contracts
        self._cached = cached
        self._held: dict[str, bytes | Rows] = {}  # the only record with its product before it, or several
        self._count = 0
        self._decoded: OrderedDict[str, tuple[Relation, ...]] = OrderedDict()
        self._decoded_count = 0

    def __len__(self) -> int:
        """Return the number of relations."""
        return self._count

    def knows(self, object_id: str) -> bool:
        """Tell whether an object lies under a product."""
        return object_id in self._held

    def objects(self) -> Iterator[str]:
        """Yield every object, each once."""
        return iter(self._held)

    def records(self) -> Iterator[tuple[str, bytes]]:
        """Yield key and record of every relation."""
        for object_id, held in self._held.items():
            for product_id, value in _rows(held).items():
                yield f"{object_id}/{product_id}", value

    # -- looking up

    def relations(self, objects: Sequence[str]) -> tuple[Relation, ...]:
        """Return what is known of the first of some names that is known, by product; empty where none is.

        Raises FatalError where a record cannot be read: without it, events would go to some of the products
        and not to others. RetriableError while a schema registry is down.
        """
        for object_id in objects:
            found = self._decoded.get(object_id)
            if found is not None:
                self._decoded.move_to_end(object_id)
                return found
            held = self._held.get(object_id)
            if held is not None:
                return self._remembered(object_id, held)
        return ()

    def _remembered(self, object_id: str, held: bytes | Rows) -> tuple[Relation, ...]:
        rows = _rows(held)
        found = tuple(
            self._read(f"{object_id}/{product_id}", rows[product_id]) for product_id in sorted(rows)
        )
        self._decoded[object_id] = found
        self._decoded_count += len(found)
        while self._decoded_count > self._cached and len(self._decoded) > 1:
            self._decoded_count -= len(self._decoded.popitem(last=False)[1])
        return found

    def _read(self, key: str, value: bytes) -> Relation:
        try:
            found = self._contracts.read_as("inventory", Relation, value)
        except PoisonRecordError as error:
            raise FatalError(_unusable(key, f"cannot be read ({error})")) from error
        if found.key != key or not found.product_id or not found.object_id:
            raise FatalError(_unusable(key, f"holds a relation that belongs under the key {found.key!r}"))
        return found

    def _forget(self, object_id: str) -> None:
        found = self._decoded.pop(object_id, None)
        if found is not None:
            self._decoded_count -= len(found)

    # -- changing

    def put(self, key: str, value: bytes | None) -> tuple[str, ...]:
        """Take one record of the topic, None removes it; return the objects that it changed.

        Ids may hold slashes: of what such a key is made, its record says, and of one that is removed what is
        held. Raises FatalError for such a record that cannot be read.
        """
        if key.count("/") == 1:
            object_id, _, product_id = key.partition("/")
            return self._put(object_id, product_id, value)
        held = next(
            (place for place in _places(key) if place[1] in _rows(self._held.get(place[0], {}))), None
        )
        if value is None:
            return _NONE if held is None else self._put(*held, None)
        relation = self._read(key, value)
        changed = self._put(relation.object_id, relation.product_id, value)
        if held is not None and held != (relation.object_id, relation.product_id):
            changed += self._put(
                *held, None
            )  # the record of another pair of ids, of which this is the key too
        return changed

    def _put(self, object_id: str, product_id: str, value: bytes | None) -> tuple[str, ...]:
        held = self._held.get(object_id)
        rows = {} if held is None else _rows(held)
        before = rows.get(product_id)
        if before == value:
            return _NONE
        self._forget(object_id)
        self._count += (before is None) - (value is None)
        if value is None:
            del rows[product_id]
        else:
            rows[product_id] = value
        if not rows:
            del self._held[object_id]
        elif len(rows) == 1:
            self._held[object_id] = _alone(*next(iter(rows.items())))
        else:
            self._held[object_id] = rows
        return (object_id,)


def _alone(product_id: str, value: bytes) -> bytes:
    name = product_id.encode()
    return len(name).to_bytes(4, "big") + name + value


def _rows(held: bytes | Rows) -> Rows:
    if isinstance(held, dict):
        return held
    end = 4 + int.from_bytes(held[:4], "big")
    return {held[4:end].decode(): held[end:]}


def _places(key: str) -> Iterator[tuple[str, str]]:
    """Yield every pair of ids that a key may be made of."""
    at = key.find("/")
    while at >= 0:
        yield key[:at], key[at + 1 :]
        at = key.find("/", at + 1)


def _unusable(key: str, why: str) -> str:
    return (
        f"inventory: the record of key {key!r} {why}; load that relation again, or all with `qosresolve "
        "inventory load FILE... --replace`, which removes what is not in the files; see docs/inventory.md"
    )
