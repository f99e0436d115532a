"""The door: a request in, a document out, with the bytes and headers that it has on its topic.

CloudEvents in binary mode: `content-type` is the data's own type (the Kafka protocol binding has no
`ce_datacontenttype` beside it), `ce_dataschema` names API, version and body, `ce_action` what is asked.
"""

from dataclasses import dataclass

import msgspec

from qosresolve.contracts.tmf import activity, alert, journal, supplier, trouble
from qosresolve.contracts.tmf.parts import Json, Parts
from qosresolve.contracts.tmf.words import Version
from qosresolve.core.facts import Entry
from qosresolve.core.requests import (
    ActivityRequest,
    EscalationNotice,
    Request,
    SupplierRequest,
    TroubleRequest,
)

CONTENT_TYPE = b"application/json"
SCHEMA = "urn:qosresolve:"


@dataclass(frozen=True, slots=True)
class Document:
    """One message: the API and definition it follows, what it asks, and its JSON object."""

    api: str
    version: Version
    definition: str
    action: str
    body: Json

    def encoded(self) -> bytes:
        """Return it as UTF-8."""
        return msgspec.json.encode(self.body)

    @property
    def schema(self) -> str:
        """Return the name of API, version and definition."""
        return f"{SCHEMA}{self.api}:{self.version}:{self.definition}"

    def form(self) -> list[tuple[str, bytes]]:
        """Return the headers that say how to read the bytes."""
        return [
            ("ce_specversion", b"1.0"),
            ("content-type", CONTENT_TYPE),
            ("ce_dataschema", self.schema.encode()),
            ("ce_action", self.action.encode()),
        ]


class Edge:
    """Speaks one version of the APIs; `party` is the id of our own organisation in party references."""

    def __init__(self, version: Version, party: str) -> None:
        self._parts = Parts(version, party)

    def request(self, request: Request) -> Document:
        """Return a request's document."""
        parts = self._parts
        match request:
            case TroubleRequest():
                return self._document("TMF656", trouble.body(request, parts), request.action)
            case SupplierRequest():
                return self._document("TMF621", supplier.body(request, parts), request.action)
            case ActivityRequest():
                return self._document("TMF701", activity.body(request, parts), request.action)
            case EscalationNotice():
                action = "raise" if request.raised else "end"
                return self._document("TMF688", alert.body(request, parts), action)

    def entry(self, entry: Entry) -> Document:
        """Return a journal entry's document."""
        return self._document("TMF688", ("Event", journal.event(entry, self._parts)), str(entry.outcome))

    def _document(self, api: str, told: tuple[str, Json], action: str) -> Document:
        definition, body = told
        return Document(api, self._parts.version, definition, action, body)
