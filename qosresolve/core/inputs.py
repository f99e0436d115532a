"""What may arrive: the inputs of `step`, as the core knows them.

Each input names its product; `Received` adds where it lay, so that every fact can name its cause. How bytes
become inputs is `qosresolve.contracts`' business.
"""

from qosresolve.core.record import record
from qosresolve.core.report import Report
from qosresolve.core.vocabulary import (
    AnswerState,
    DegradationKind,
    ObjectKind,
    RootCauseKind,
    Severity,
    Verb,
)


@record
class Cause:
    """Where an input lies in Kafka, and its canonical event id."""

    topic: str
    partition: int
    offset: int
    event_id: str


@record
class Degradation:
    """One event about one indicator of one product (modelled on TMF642 Alarm, TMF649 crossings).

    `observed_at` is the source's time in ms since the epoch; `value` and `threshold` are texts. Where intake
    wrote them in other units, `raw` has the source's own words. `content` is the digest of what the source
    said, empty where the whole record is it.
    """

    product_id: str
    event_id: str
    source: str
    sequence: int
    kind: DegradationKind
    indicator: str
    object_id: str
    object_kind: ObjectKind
    severity: Severity
    observed_at: int
    value: str = ""
    threshold: str = ""
    unit: str = ""
    customer_id: str = ""
    tier: str = ""
    site: str = ""
    offering: str = ""
    owner_party: str = ""
    cause_key: str = ""
    description: str = ""
    raw: str = ""
    marks: str = ""
    content: bytes = b""

    def identity(self) -> str:
        """Return the canonical event id: ONAP uses one source id for violation and abatement."""
        order = self.sequence or self.observed_at
        return f"{self.source}|{self.event_id}|{self.kind}|{order}"


@record
class Finding:
    """One analysis result (TMF656 TrackingRecord); `explains` names indicators, empty means all."""

    source: str
    sequence: int
    at: int
    cause_kind: RootCauseKind
    entity: str = ""
    party: str = ""
    explains: tuple[str, ...] = ()
    by_person: bool = False
    expected_at: int | None = None
    text: str = ""


@record
class Repair:
    """What a report's journal says it is, None where it says that there is none.

    `found` is the `core.repair.digest` of what lay on its topic before the journal was read to its end.
    """

    report: Report | None
    found: bytes


@record
class Command:
    """An order by a person or a neighbouring process; unused arguments are empty."""

    product_id: str
    command_id: str
    verb: Verb
    actor: str
    role: str
    reason: str
    issued_at: int
    report_id: str = ""
    expected_revision: int | None = None
    field: str = ""
    value: str = ""
    at: int | None = None
    obligation_id: str = ""
    finding: Finding | None = None
    degradation: Degradation | None = None
    repair: Repair | None = None

    def identity(self) -> str:
        """Return the canonical event id."""
        return f"command|{self.command_id}"


@record
class Answer:
    """What a party says of an obligation: activity, trouble and supplier statuses alike."""

    product_id: str
    answer_id: str
    obligation_id: str
    state: AnswerState
    at: int
    party: str = ""
    external_id: str = ""
    parent_id: str = ""
    expected_at: int | None = None
    note: str = ""
    finding: Finding | None = None

    def identity(self) -> str:
        """Return the canonical event id."""
        return f"answer|{self.party}|{self.answer_id}"


@record
class Deadline:
    """The timer's word to look now; `report_id` is empty for the product's watch."""

    product_id: str
    report_id: str
    alarm: int
    due: int

    def identity(self) -> str:
        """Return the canonical event id."""
        return f"deadline|{self.report_id or self.product_id}|{self.alarm}"


Input = Degradation | Command | Answer | Deadline


@record
class Received:
    """An input with where it lay, a short digest of its bytes, and the W3C trace context that it brought."""

    cause: Cause
    body: Input
    digest: bytes
    trace: str = ""
