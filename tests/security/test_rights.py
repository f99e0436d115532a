"""Each role does its work with the rights of the table, and no right of it is idle.

What was asked for is the broker's own word: its authorizer tells which ACL allowed what.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from qosresolve.core.inputs import Answer, Deadline, Finding
from qosresolve.core.vocabulary import AnswerState, RootCauseKind, Verb
from qosresolve.kafka.acls import TABLE, Acl, ForeignTopics, Operation, Role
from qosresolve.kafka.murmur import partition_of
from qosresolve.topics import (
    ACTIVITY_STATUS,
    COMMAND,
    DEAD_LETTERS,
    DEADLINE,
    DEGRADATION,
    FOREIGN,
    REQUESTS,
    SUPPLIER_STATUS,
    TROUBLE_STATUS,
)
from tests.contracts.tmf.samples import SUPPLIER, TROUBLE
from tests.contracts.tmf.validation import EDGES
from tests.kafka.checks import check_all
from tests.kafka.escalated import hooked
from tests.kafka.foreign import crossing, events, parked, relate, relation
from tests.kafka.harness import (
    DEMO_POLICY,
    PARTITIONS,
    RECORDS,
    World,
    await_that,
    command,
    degradation,
    wall_ms,
)
from tests.notify.receiver import Say, receiving
from tests.security.audit import Audit
from tests.security.conftest import untaken
from tests.security.secured import principal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from qosresolve.core.requests import Request
    from tests.security.conftest import Site

PROCESSES = (Role.WORKER, Role.TIMER, Role.AUDITOR, Role.INTAKE, Role.NOTIFY)
EACH = [
    pytest.param(role, number, operation, id=f"{role}-{number}-{operation}")
    for role in PROCESSES
    # One right each; a topic of others is a setting, and there is none.
    for number, need in enumerate(need for need in TABLE[role] if need.subject != ForeignTopics())
    for operation in need.operations
]


def rights(acls: Iterable[Acl]) -> set[tuple[str, str, str]]:
    """Return rights one by one, named as the authorizer's log names them."""
    return {(str(one.resource), one.name, one.operations[0].name) for acl in acls for one in acl.single()}


def send_astray(world: World) -> None:
    """Put a record of each input where its product does not belong."""
    wrong = (partition_of("P1", PARTITIONS) + 1) % PARTITIONS
    bodies = {
        DEGRADATION: RECORDS.write_input(degradation("P1", 1))[1],
        COMMAND: RECORDS.write_input(command("P1", Verb.NOTE, value="astray"))[1],
        DEADLINE: RECORDS.write_input(Deadline("P1", "", 1, wall_ms()))[1],
    }
    for topic in (ACTIVITY_STATUS, TROUBLE_STATUS, SUPPLIER_STATUS):
        party = "" if topic is ACTIVITY_STATUS else "party"
        answer = Answer("P1", f"a-{topic.name}", "nothing", AnswerState.ACCEPTED, wall_ms(), party=party)
        bodies[topic] = RECORDS.write_answer(topic.record, answer)
    for topic, body in bodies.items():
        world.send(topic, "P1", body, wrong)


def send_foreign(world: World) -> None:
    """Put in what others may send: of what is known, of what is not, answers on both channels, garbage."""
    relate(world, relation("vnf-1", "P5"))
    said = [crossing("vnf-1"), crossing("vnf-unknown"), b"no JSON"]
    said += [answered(TROUBLE, "serviceProblem"), answered(SUPPLIER, "troubleTicket")]
    for value in said:
        world.send(FOREIGN, "any", value)
    world.flush()


def answered(request: Request, entity: str) -> bytes:
    """Return a neighbour's event that answers a request, in TM Forum's JSON."""
    body = EDGES["v4"].request(request).body | {"id": "their-1", "status": "inProgress"}
    kind = f"{entity[0].upper()}{entity[1:]}StateChangeEvent"
    event = {
        "eventId": "e-1",
        "eventTime": "2026-03-02T11:00:00Z",
        "eventType": kind,
        "event": {entity: body},
    }
    return json.dumps(event).encode()


def find_cause(world: World, product: str, kind: RootCauseKind, party: str = "") -> None:
    """Open a report and find its cause, so that somebody is asked."""
    world.degrade(product)
    report = world.await_report(product, lambda item: bool(item.obligations), "opened")
    analysis = next(item for item in report.obligations if item.node == "first-analysis")
    finding = Finding("analyst", 1, wall_ms(), kind, f"service-{product}", by_person=True)
    finding = replace(finding, party=party)
    world.command(product, Verb.FINDING, finding=finding)
    world.answer(ACTIVITY_STATUS, product, analysis.obligation_id, AnswerState.RESOLVED)


def test_the_processes_use_every_right_and_need_no_other(site: Site, tmp_path: Path) -> None:
    """Opening, asking all parties, escalating by the timer, forwarding, dead letters: no right is idle."""
    audit = Audit(site.secured.server.log_file)
    world = site.world
    with ExitStack() as granted:
        for role in PROCESSES:
            granted.enter_context(site.secured.granted(role.value, site.rights(role)))
        with site.running(Role.WORKER, DEMO_POLICY):
            world.abate("P4")  # of nothing yet: the watch keeps it
            world.await_entries(1)  # what is restored, and the policy, are there for the next one
        with site.running(Role.INTAKE):
            send_foreign(world)
            await_that(lambda: parked(world) and events(world), "what intake keeps")
        with site.running(Role.WORKER, DEMO_POLICY) as worker, site.running(Role.INTAKE) as intake:
            with (
                receiving(lambda _: Say(400)) as receiver,
                site.running(Role.NOTIFY, *hooked(receiver, tmp_path)) as notify,
                site.running(Role.TIMER) as timer,
                site.running(Role.AUDITOR) as auditor,
            ):
                world.send(FOREIGN, "any", crossing("vnf-1", 2, "CLEAR"))
                send_astray(world)
                world.send(DEGRADATION, "P1", b"no Avro")
                find_cause(world, "P2", RootCauseKind.SERVICE)
                find_cause(world, "P3", RootCauseKind.SUPPLIER, party="acme-transport")
                for topic in (*REQUESTS, DEAD_LETTERS):
                    await_that(partial(world.messages, topic), f"record on {topic.name}")
                refused = partial(notify.metric, "qosresolve_notify_dead_letters_total", stage="refused")
                await_that(refused, "an escalation that was refused")
            await_that(lambda: not untaken(world), "end of every input")
        assert not any((worker.failure, intake.failure, timer.failure, auditor.failure, notify.failure))
        for role in PROCESSES:
            check_used(audit, site, role)
    check_all(world)


def check_used(audit: Audit, site: Site, role: Role, unless: tuple[str, str, str] | None = None) -> None:
    """The authorizer allowed something by each right of the table, and had to refuse nothing, `unless`.

    To be asked while the rights are there, and of this site only: clients that are not gone go on asking.
    """
    ours = (site.prefix, "kafka-cluster")
    asked = [each for each in audit.asked(principal(role.value)) if each.name.startswith(ours)]
    used = {each.right for each in asked if each.own}
    table = rights(site.rights(role))
    assert table <= used, f"never used: {sorted(table - used)}"
    refused = {(each.operation, each.resource, each.name) for each in asked if not each.allowed}
    assert refused <= {("IDEMPOTENT_WRITE", "Cluster", "kafka-cluster"), unless}


@pytest.mark.parametrize(("role", "number", "operation"), EACH)
def test_one_right_fewer_stops_a_role_with_its_name(
    shared_site: Site, capfd: pytest.CaptureFixture[str], role: Role, number: int, operation: Operation
) -> None:
    """Whatever row is missing, the process ends with status 2 and says which, and how to grant it."""
    site, whole = shared_site, shared_site.rights(role)[number]
    missing = replace(whole, operations=(operation,))
    site.secured.revoke(role.value, [missing])
    try:
        status, told = site.ended(role, capfd)
    finally:
        site.secured.grant(role.value, [missing])
    assert status == 2, told
    assert f"{operation} on {missing.resource} {missing.name}" in told
    assert f"--allow-principal {principal(role.value)} --operation {operation} " in told
