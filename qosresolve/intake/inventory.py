"""Which products lie on a service or resource: relations, looked up by the names of an object."""

from qosresolve.core.record import record
from qosresolve.core.vocabulary import ObjectKind


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
