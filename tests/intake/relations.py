"""Relations for tests, and their records."""

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.record import changed
from qosresolve.core.vocabulary import ObjectKind
from qosresolve.intake.inventory import Relation

CONTRACTS = Contracts(SingleObjectCodec())


def relation(object_id: str = "r1", product_id: str = "P1", **changes: object) -> Relation:
    """Return a resource under a product."""
    return changed(Relation(object_id, ObjectKind.RESOURCE, product_id), **changes)


def written(made: Relation) -> bytes:
    """Return its record."""
    return CONTRACTS.write_as("inventory", made)
