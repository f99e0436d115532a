"""Inputs of every kind with one string wherever a sender may write: it must never be seen in a log.

Some are taken, some refused, some cannot be read at all; they open reports, move them, and order windows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from qosresolve.contracts.convert import OMITTED
from qosresolve.contracts.policy import file as policy_file
from qosresolve.core.inputs import Answer, Deadline, Finding
from qosresolve.core.vocabulary import AnswerState, DegradationKind, RootCauseKind, Verb
from qosresolve.kafka.windows import LIFT, SET
from qosresolve.topics import (
    ACTIVITY_STATUS,
    COMMAND,
    DEADLINE,
    DEGRADATION,
    INPUTS,
    POLICY,
    SUPPLIER_STATUS,
    TROUBLE_STATUS,
    Topic,
)
from tests.kafka.harness import RECORDS, command, degradation, wall_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "canaryYellow7f3e"
PRODUCT = f"{CANARY}-product"
LEFT_ALONE = f"{CANARY}-left-alone"  # so that its deadlines pass
HOUR = 3_600_000
T = TypeVar("T")

Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Sent:
    """One record as it is sent; `astray` puts it on another partition than its product's."""

    topic: Topic
    value: bytes | None
    product: str = PRODUCT
    key: bytes | None = None  # the product's
    headers: Headers | None = None
    astray: bool = False


def filled(made: T, **chosen: Any) -> T:  # noqa: ANN401 - a field's value
    """Return an input with the canary in every text that is not chosen."""
    texts = {
        field.name: f"{CANARY}-{field.name}"
        for field in fields(made)  # type: ignore[arg-type]
        if type(getattr(made, field.name)) is str
    }
    return replace(made, **(texts | {"product_id": PRODUCT} | chosen))  # type: ignore[type-var]


def everything() -> Iterator[Sent]:
    """Yield all of them, the opening of a report first."""
    yield from policies()
    yield from degradations()
    yield from commands()
    yield from windows()
    yield from answers()
    deadline = filled(Deadline(PRODUCT, "", 1, wall_ms()))
    yield Sent(DEADLINE, RECORDS.write_input(deadline)[1])
    yield from poison()


def policies() -> Iterator[Sent]:
    """Policies that nobody could follow: a worker leaves them out when it starts."""
    wrong = f'{{"name": "{CANARY}", "{CANARY}": ["{CANARY}"]}}'.encode()
    right = policy_file.compile(policy_file.load(policy_file.default_text()))
    written = [RECORDS.write_policy(CANARY, CANARY, wall_ms(), body) for body in (wrong, right)]
    for value in (CANARY.encode(), *written):
        yield Sent(POLICY, value, key=CANARY.encode())


def degradations() -> Iterator[Sent]:
    for number, kind in enumerate((DegradationKind.RAISE, *DegradationKind)):
        event = filled(degradation(PRODUCT, number, kind=kind), event_id=f"{CANARY}-{number}", tier="gold")
        body = RECORDS.write_input(event)[1]
        yield Sent(DEGRADATION, body)
        yield Sent(DEGRADATION, body, astray=True)
    event = filled(degradation(LEFT_ALONE, 1), event_id=CANARY, tier="gold", product_id=LEFT_ALONE)
    yield Sent(DEGRADATION, RECORDS.write_input(event)[1], LEFT_ALONE)


def commands() -> Iterator[Sent]:
    """Each verb, by somebody who may and by somebody who may not."""
    for verb in Verb:
        for role in ("service-manager", CANARY):
            finding = filled_finding()
            event = filled(degradation(PRODUCT, 1), event_id=f"{CANARY}-{verb}-{role}")
            order = filled(command(PRODUCT, verb), role=role, report_id="", finding=finding)
            order = replace(order, degradation=event, command_id=f"{CANARY}-{verb}-{role}")
            yield Sent(COMMAND, RECORDS.write_input(order)[1])


def filled_finding() -> Finding:
    finding = Finding(CANARY, 1, wall_ms(), RootCauseKind.SERVICE, CANARY, CANARY, (CANARY,), text=CANARY)
    return replace(finding, by_person=True)


def windows() -> Iterator[Sent]:
    """Windows that hold, that are lifted, and that make no sense in all the ways there are."""
    now = wall_ms()
    window = {"window_id": CANARY, "starts_at": now + HOUR, "ends_at": now + 2 * HOUR, "site": CANARY}
    bodies = [
        (SET, json.dumps(window | {"reason": CANARY})),
        (LIFT, CANARY),
        (CANARY, json.dumps(window)),
        (SET, CANARY),
        (SET, json.dumps(window | {CANARY: 1})),
        (SET, json.dumps(window | {"site": {CANARY: CANARY}})),
        (SET, json.dumps(window | {"zone": CANARY})),
        (SET, json.dumps(window | {"site": f"{CANARY}\n"})),
    ]
    rules = [CANARY, f"{CANARY}=1", f"FREQ={CANARY}", f"FREQ=DAILY;INTERVAL={CANARY}"]
    rules += [f"FREQ=WEEKLY;BYDAY={CANARY}", f"FREQ=DAILY;UNTIL={CANARY}"]
    bodies += [(SET, json.dumps(window | {"recurrence": rule})) for rule in rules]
    for number, (field, value) in enumerate(bodies):
        order = filled(command(PRODUCT, Verb.SET_WINDOW), role="operator", field=field, value=value)
        yield Sent(COMMAND, RECORDS.write_input(replace(order, command_id=f"{CANARY}-window-{number}"))[1])


def answers() -> Iterator[Sent]:
    for topic in (ACTIVITY_STATUS, TROUBLE_STATUS, SUPPLIER_STATUS):
        for state in AnswerState:
            made = Answer(PRODUCT, "", "", state, wall_ms(), finding=filled_finding())
            unsaid = dict.fromkeys(OMITTED[topic.record], "")
            answer = filled(made, answer_id=f"{CANARY}-{topic.name}-{state}", **unsaid)
            yield Sent(topic, RECORDS.write_answer(topic.record, answer))


def poison() -> Iterator[Sent]:
    """What cannot be taken: no Avro, cut short, too long, of the wrong shape; odd keys and headers."""
    whole = RECORDS.write_input(filled(degradation(PRODUCT, 99), event_id=CANARY))[1]
    long = RECORDS.write_input(filled(degradation(PRODUCT, 98), description=CANARY * 2_000))[1]
    control = RECORDS.write_input(filled(degradation(PRODUCT, 97), indicator=f"{CANARY}\x07"))[1]
    early = RECORDS.write_input(filled(degradation(PRODUCT, 96), observed_at=1))[1]
    headers: Headers = [(CANARY, CANARY.encode()), ("traceparent", CANARY.encode()), (CANARY, None)]
    for topic in INPUTS:
        for value in (CANARY.encode(), b"\xc3\x01" + CANARY.encode(), whole[:-9], whole + b"yellow", None):
            yield Sent(topic, value, key=CANARY.encode(), headers=headers)
    for value in (long, control, early):
        yield Sent(DEGRADATION, value, key=b"\xff" + CANARY.encode(), headers=headers)
