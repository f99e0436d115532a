"""The demonstration on the secured broker: each role a process and a user, with the generated rights alone.

`make demo-secured` runs it. The neighbours come in by the tests' own listener: they are not under test.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import pytest

from qosresolve.demo import payloads, roles
from qosresolve.demo.post import Post
from qosresolve.demo.summary import Summary, summarise
from qosresolve.demo.world import World as Neighbours
from qosresolve.kafka.acls import Role
from qosresolve.topics import ESCALATION
from tests.kafka.escalated import hooked
from tests.kafka.harness import DEMO_POLICY, RECORDS, await_that, settings_for
from tests.notify.receiver import receiving
from tests.security.audit import Audit
from tests.security.conftest import untaken
from tests.security.processes import Process, commands_in, generated, obeyed, process, right_of
from tests.security.secured import principal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.security.conftest import Site

PROCESSES = (Role.WORKER, Role.INTAKE, Role.TIMER, Role.AUDITOR, Role.NOTIFY)
STORY_S = 150.0  # 45 on a machine that has nothing else to do
NOBODY = "notify_url=http://127.0.0.1:1"  # without an address that role does not start
RULES = "intake_rules_file=qosresolve/demo/demo_intake.yaml"
# One command of each role that is left out, by what it ends with, and what its process then names.
LEFT_OUT = [
    (Role.WORKER, "--topic {}qos.escalation.v1", "Write on Topic {}qos.escalation.v1"),
    (Role.WORKER, "--transactional-id {} --resource-pattern-type prefixed", "Write on TransactionalId {}"),
    (Role.INTAKE, "--topic {}qos.inventory.v1", "Read on Topic {}qos.inventory.v1"),
    (Role.TIMER, "--topic {}qos.deadline.v1", "Write on Topic {}qos.deadline.v1"),
    (Role.AUDITOR, "--group {}group-auditor", "Read on Group {}group-auditor"),
    (Role.NOTIFY, "--topic {}qos.escalation.v1", "Read on Topic {}qos.escalation.v1"),
]


def counted(site: Site) -> Summary:
    """Return what the topics say by now, read by somebody who may."""
    return summarise(settings_for(site.secured.inner, site.prefix), RECORDS, promised=True)


def tell_inventory(site: Site) -> None:
    """Load what the inventory knows when the story begins."""
    post = Post(site.world.settings, RECORDS)
    for relation in payloads.INVENTORY.values():
        if relation is not payloads.LATE:
            post.relation(relation)
    post.close()


def play(site: Site) -> Summary:
    """Let the neighbours play until all that the demonstration promises was seen; return the counts."""
    neighbours = roles.Thread("world", lambda stop: Neighbours(site.world.settings, RECORDS, stop))
    seen: list[Summary] = []

    def shown() -> bool:
        neighbours.raise_if_failed()
        seen[:] = [counted(site)]
        time.sleep(1)  # a look reads all topics: not more of them than the story needs
        return not seen[0].missing

    try:
        await_that(shown, "end of the story", STORY_S)
    except AssertionError as error:
        raise AssertionError(f"{error}; missing: {seen[0].missing}") from None
    finally:
        neighbours.halt()
    neighbours.stop()
    return seen[0]


def refused(audit: Audit, role: Role, prefix: str) -> set[tuple[str, str, str]]:
    """Return what the brokers refused a role, but for what an idempotent producer asks in passing."""
    asked = (
        each for each in audit.asked(principal(role.value)) if each.name.startswith((prefix, "kafka-cluster"))
    )
    found = {(each.operation, each.resource, each.name) for each in asked if not each.allowed}
    return found - {("IDEMPOTENT_WRITE", "Cluster", "kafka-cluster")}


@pytest.mark.long
def test_the_whole_demonstration_with_the_generated_rights_only(site: Site, tmp_path: Path) -> None:
    """All that is promised is seen, fold and topics are equal, the auditor agrees, nothing was refused."""
    audit = Audit(site.secured.server.log_file)
    tell_inventory(site)
    with ExitStack() as stack:
        stack.enter_context(obeyed(site, [line for role in PROCESSES for line in generated(site, role)]))
        receiver = stack.enter_context(receiving())
        more = (DEMO_POLICY, RULES, *hooked(receiver, tmp_path))
        crew: dict[Role, Process] = {}
        for role in PROCESSES:
            crew[role] = stack.enter_context(process(site, role, tmp_path, *more))
        for role in PROCESSES:
            await_that(partial(getattr, crew[role], "ready"), f"ready {role}", 90)
        play(site)
        for role in (Role.INTAKE, Role.TIMER):  # who writes inputs
            assert crew[role].stop() == 0, crew[role].told[-3_000:]
        await_that(lambda: not untaken(site.world), "end of every input")
        whole = site.world.journal()
        await_that(
            lambda: crew[Role.AUDITOR].metric("qosresolve_audit_entries_total") >= len(whole), "auditor's end"
        )
        assert crew[Role.AUDITOR].metric("qosresolve_audit_mismatches_total") == 0
        escalations = site.world.messages(ESCALATION)
        await_that(lambda: len(receiver.taken) >= len(escalations) > 0, "end of what is told of escalations")
        for role in (Role.WORKER, Role.AUDITOR, Role.NOTIFY):
            assert crew[role].stop() == 0, crew[role].told[-3_000:]
        for role in PROCESSES:
            assert not refused(audit, role, site.prefix), role
    summary = counted(site)
    assert (summary.exit_status, summary.missing) == (0, ())


@pytest.mark.long
@pytest.mark.parametrize(
    ("role", "left_out", "named"), LEFT_OUT, ids=lambda value: str(value).split(" {}")[0]
)
def test_without_one_generated_command_a_role_names_it(
    site: Site, tmp_path: Path, role: Role, left_out: str, named: str
) -> None:
    """It ends with status 2 and prints that very command; obeyed, the role becomes ready."""
    more = (DEMO_POLICY, RULES, NOBODY)
    commands, ending = generated(site, role), left_out.format(site.prefix)
    kept = [line for line in commands if not line.endswith(ending)]
    (missing,) = (line for line in commands if line not in kept)
    with obeyed(site, kept):
        with process(site, role, tmp_path, *more) as lacking:
            assert lacking.ended() == 2
        assert named.format(site.prefix) in lacking.told
        (printed,) = commands_in(lacking.told)
        assert right_of(printed) == right_of(missing)
        with obeyed(site, [printed]), process(site, role, tmp_path, *more) as again:
            await_that(partial(getattr, again, "ready"), f"ready {role}", 90)
            assert again.stop() == 0
