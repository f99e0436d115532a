"""What the neighbours send: inputs of every kind, right and wrong, drawn from one seed.

Bytes are made here, where they lie is the workload's business. Every text carries the canary: it must never
be seen in a log line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qosresolve.core.inputs import Answer, Command, Deadline, Degradation, Finding
from qosresolve.core.vocabulary import (
    AnswerState,
    DegradationKind,
    ObjectKind,
    RootCauseKind,
    Severity,
    Verb,
)
from qosresolve.topics import (
    ACTIVITY_STATUS,
    COMMAND,
    DEADLINE,
    DEGRADATION,
    SUPPLIER_STATUS,
    TROUBLE_STATUS,
    Topic,
)
from tests.kafka.harness import RECORDS, command, degradation

if TYPE_CHECKING:
    from random import Random

    from qosresolve.core.requests import Request

CANARY = "zanarkand"
ANSWERED_ON = {
    "activity-request": ACTIVITY_STATUS,
    "trouble-request": TROUBLE_STATUS,
    "supplier-request": SUPPLIER_STATUS,
}
_INDICATORS = ("latency", "latency", "availability", "jitter", "loss")
_SEVERITIES = (Severity.WARNING, Severity.MINOR, Severity.MAJOR, Severity.CRITICAL, Severity.INDETERMINATE)
_AGES_MS = (0, 0, 0, 0, 100, 1_000, 5_000, 30_000, -1_000)
_PLAIN = tuple(sorted(set(Verb) - {Verb.OPEN, Verb.FINDING, Verb.ACTIVATE_POLICY, Verb.SET_WINDOW}))
_ENDS = (Verb.CANCEL, Verb.CLEAR, Verb.CLOSE, Verb.CLOSE, Verb.RESTORE, Verb.ACKNOWLEDGE)
_VALUES = ("", "pending", "inProgress", "held", "5", "true", "critical", "minor", "slaExclusion", "cleared")
_REASONS = ("because", "falseAlarm", "customerAccess", "customer", "")
_FIELDS = ("", "priority", "status", "description", "sla")
_ROLES = ("operator", "service-manager", "service-manager", "close-process", "guest")
_ANSWERS = (
    (AnswerState.ACCEPTED, AnswerState.RESOLVED),
    (AnswerState.ACCEPTED, AnswerState.IN_PROGRESS, AnswerState.RESOLVED),
    (AnswerState.RESOLVED,),
    (AnswerState.REJECTED,),
    (AnswerState.ACCEPTED, AnswerState.INFORMATION_REQUIRED),
    (AnswerState.CANCELLED,),
    (),
)


@dataclass(frozen=True, slots=True)
class Made:
    """One record to send, or that was sent."""

    topic: Topic
    product: str
    value: bytes | None
    poison: bool = False


class Maker:
    """Draws inputs; every id is used once."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._count = 0
        self._reports: list[tuple[str, str]] = []  # (report, obligation) of requests seen, for commands

    def _next(self) -> int:
        self._count += 1
        return self._count

    def degradation(self, product: str, now: int) -> Made:
        """A raise, an update or an abatement, of some age."""
        pick = self._chance.choice
        number = self._next()
        kind = pick(
            (DegradationKind.RAISE, DegradationKind.UPDATE, DegradationKind.UPDATE, DegradationKind.ABATE)
        )
        event = degradation(
            product,
            number,
            kind=kind,
            indicator=pick(_INDICATORS),
            object_id=f"service-{self._chance.randrange(2)}",
            object_kind=pick((ObjectKind.SERVICE, ObjectKind.RESOURCE)),
            severity=pick(_SEVERITIES),
            observed_at=now - pick(_AGES_MS),
            source=pick(("monitoring", "monitoring", "probe")),
            tier=pick(("gold", "gold", "bronze", "")),
            owner_party=pick(("", "", "carrier")),
            description=CANARY,
        )
        return self._written(DEGRADATION, event)

    def update(self, product: str, now: int) -> Made:
        """A plain update, as a burst is made of."""
        event = degradation(
            product, self._next(), kind=DegradationKind.UPDATE, observed_at=now, description=CANARY
        )
        return self._written(DEGRADATION, event)

    def abatement(self, product: str, now: int) -> Made:
        """The end of a burst."""
        event = degradation(
            product, self._next(), kind=DegradationKind.ABATE, observed_at=now, description=CANARY
        )
        return self._written(DEGRADATION, event)

    def order(self, product: str, now: int) -> Made:
        """A command that may fit; ends of reports come often, else none would ever be forgotten."""
        pick = self._chance.choice
        verb = pick(_ENDS) if self._chance.random() < 0.5 else pick(_PLAIN)
        _, obligation = pick(self._reports) if self._reports else ("", "")
        return self._command(
            product,
            verb,
            now,
            role="close-process" if verb is Verb.CLOSE else pick(_ROLES),
            reason=pick(_REASONS),
            value=pick(_VALUES),
            field=pick(_FIELDS),
            obligation_id=obligation,
            expected_revision=pick((None, None, None, 0, 1)),
        )

    def handover(self, product: str, now: int) -> Made:
        """Create hands a report over."""
        event = degradation(product, self._next(), observed_at=now, source="customer", description=CANARY)
        return self._command(product, Verb.OPEN, now, role="operator", value="ticket", degradation=event)

    def finding(self, product: str, now: int) -> Made:
        """An analysis result."""
        pick = self._chance.choice
        kind = pick(tuple(RootCauseKind))
        found = Finding("noc", self._next(), now, kind, "service-0", pick(("", "carrier")), text=CANARY)
        return self._command(product, Verb.FINDING, now, role="operator", finding=found)

    def control(self, partition: int, verb: Verb, now: int, **changes: object) -> Made:
        """A command for a whole partition."""
        role = "policy-manager" if verb is Verb.ACTIVATE_POLICY else "operator"
        return self._command(str(partition), verb, now, role=role, **changes)

    def _command(self, product: str, verb: Verb, now: int, **changes: object) -> Made:
        order = command(
            product,
            verb,
            command_id=f"command-{self._next()}",
            issued_at=now,
            **({"reason": CANARY} | changes),
        )
        return self._written(COMMAND, order)

    def odd_deadline(self, product: str, now: int) -> Made:
        """A deadline of somebody else's: of no report, or of no alarm."""
        report, _ = self._chance.choice(self._reports) if self._reports else ("nobody", "")
        return self._written(DEADLINE, Deadline(product, report, self._chance.randrange(3), now))

    def answers(self, record: str, request: Request, now: int) -> list[Made]:
        """What a party says of a request, one after the other; now and then nothing."""
        topic = ANSWERED_ON.get(record)
        obligation = getattr(request, "request_id", "")
        if topic is None or not obligation:
            return []
        product = request.context.product_id
        self._reports.append((request.context.report_id, obligation))
        del self._reports[:-50]
        states = self._chance.choice(_ANSWERS)
        return [self._answer(topic, product, obligation, state, now) for state in states]

    def _answer(self, topic: Topic, product: str, obligation: str, state: AnswerState, now: int) -> Made:
        party = "" if topic is ACTIVITY_STATUS else "carrier"
        answer = Answer(product, f"answer-{self._next()}", obligation, state, now, party=party, note=CANARY)
        return Made(topic, product, RECORDS.write_answer(topic.record, answer))

    def poison(self, product: str, now: int) -> Made:
        """A record that nobody can take."""
        good = self.degradation(product, now)
        value = good.value or b""
        other = self.odd_deadline(product, now).value
        broken = self._chance.choice(
            (
                None,
                b"",
                CANARY.encode(),
                value[: len(value) // 2],
                value + b"\x00",
                other,
                b"\x00\x00\x00\x00\x07" + value[10:],
                RECORDS.write_input(degradation(product, self._next(), observed_at=-5))[1],
                RECORDS.write_input(degradation("", self._next(), observed_at=now))[1],
            )
        )
        topic = self._chance.choice((DEGRADATION, DEGRADATION, TROUBLE_STATUS, SUPPLIER_STATUS))
        return Made(topic, product, broken, poison=True)

    def _written(self, topic: Topic, body: Degradation | Command | Deadline) -> Made:
        return Made(topic, body.product_id, RECORDS.write_input(body)[1])
