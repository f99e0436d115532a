"""The small objects that the APIs share, in the shape that each version gives them.

From v5 on every object names its `@type`, and a related party or entity is an object in an object. v4 has
them flat, and wants `@referredType` there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qosresolve.contracts.tmf.identifier import OWNER, identify
from qosresolve.contracts.tmf.words import REPORT, Version, instant

Json = dict[str, Any]
Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Parts:
    """Makes the parts of one version; `party` is the id of our own organisation in party references."""

    version: Version
    party: str

    @property
    def v5(self) -> bool:
        """Tell whether it is the newer version."""
        return self.version == "v5"

    def typed(self, kind: str, value: Json) -> Json:
        """Return an object with its type, which only v5 asks for."""
        return {**value, "@type": kind} if self.v5 else value

    def related_party(self, identity: str, role: str, kind: str = "Organization") -> Json:
        """Return a party and the role it has in this."""
        if not self.v5:
            return {"id": identity, "role": role, "@referredType": kind}
        reference = {"id": identity, "@type": "PartyRef", "@referredType": kind}
        return {"role": role, "partyOrPartyRole": reference, "@type": "RelatedPartyRefOrPartyRoleRef"}

    def related_entity(self, identity: str, role: str, kind: str) -> Json:
        """Return something that is spoken of, and the role it has in this."""
        if not self.v5:
            return {"id": identity, "role": role, "@referredType": kind}
        reference = {"id": identity, "@type": "EntityRef", "@referredType": kind}
        return {"role": role, "entity": reference, "@type": "RelatedEntity"}

    def about(self, product_id: str, report_id: str) -> list[Json]:
        """Return the product that is bad and the report that says so."""
        return [
            self.related_entity(product_id, "affectedProduct", "Product"),
            self.related_entity(report_id, "originatingReport", REPORT),
        ]

    def service(self, identity: str) -> Json:
        """Return a reference to a service of the inventory (TMF638)."""
        return self.typed("ServiceRef", {"id": identity, "@referredType": "Service"})

    def resource(self, identity: str) -> Json:
        """Return a reference to a resource of the inventory (TMF639)."""
        return self.typed("ResourceRef", {"id": identity, "@referredType": "Resource"})

    def external_identifier(self, product_id: str, subject: str, kind: str) -> Json:
        """Return what an answer has to bring back."""
        value = {"owner": OWNER, "externalIdentifierType": kind, "id": identify(product_id, subject)}
        return self.typed("ExternalIdentifier", value)

    def note(self, identity: str, at: int, text: str, author: str = OWNER) -> Json:
        """Return a remark; its id is the same over any replay, so a receiver keeps it once."""
        return self.typed("Note", {"id": identity, "author": author, "date": instant(at), "text": text})

    def characteristics(self, values: Values, kind: str = "StringCharacteristic") -> list[Json]:
        """Return what the API has no field for, by name; what is empty is left out."""
        return [
            self.typed(kind, {"name": name, "valueType": "string", "value": value})
            for name, value in values.items()
            if value
        ]


def moment(at: int | None) -> str | None:
    """Return an instant that may not be there."""
    return None if at is None else instant(at)
