"""A right that is taken away in mid-run: the process stops and names it; given back, nothing was lost."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from qosresolve.kafka.acls import Acl, Operation, Resource, Role
from qosresolve.kafka.denied import DeniedError, explained
from qosresolve.kafka.worker import Worker
from qosresolve.topics import COMMAND, DEADLINE, ESCALATION, JOURNAL, REPORT, WATCH, Topic
from tests.kafka.checks import check_all
from tests.kafka.harness import DEMO_POLICY, await_that, settings_for
from tests.security.conftest import untaken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.security.conftest import Site


TAKEN = [
    (Role.WORKER, REPORT, Operation.WRITE),
    (Role.WORKER, COMMAND, Operation.READ),
    (Role.WORKER, Resource.GROUP, Operation.READ),
    (Role.WORKER, Resource.TRANSACTIONAL_ID, Operation.WRITE),
    (Role.TIMER, DEADLINE, Operation.WRITE),
    (Role.TIMER, WATCH, Operation.READ),
    (Role.AUDITOR, JOURNAL, Operation.READ),
    (Role.NOTIFY, ESCALATION, Operation.READ),
]


def taken(site: Site, role: Role, subject: Topic | Resource, operation: Operation) -> Acl:
    """Return a role's right as the table has it, of one operation."""
    name = site.world.names.of(subject) if isinstance(subject, Topic) else None
    whole = next(acl for acl in site.rights(role) if acl.name == name or acl.resource is subject)
    return replace(whole, operations=(operation,))


@pytest.mark.parametrize(
    ("role", "subject", "operation"),
    TAKEN,
    ids=[f"{role}-{getattr(subject, 'name', subject)}-{operation}" for role, subject, operation in TAKEN],
)
def test_a_right_that_is_taken_stops_its_role(
    site: Site, role: Role, subject: Topic | Resource, operation: Operation
) -> None:
    """It ends with the name of the right; with the right it goes on where it was, nothing lost or doubled."""
    world, right = site.world, taken(site, role, subject, operation)
    with ExitStack() as stack:
        stack.enter_context(site.secured.granted(role.value, site.rights(role)))
        if role is not Role.WORKER:
            stack.enter_context(helped(site))
        with site.running(role, DEMO_POLICY) as running:
            world.degrade("P1")
            world.await_entries(1)
            await_that(lambda: running.health.ready, "readiness")
            site.secured.revoke(role.value, [right])
            for number in range(20):
                world.degrade(f"P{number}", 2)
            (failure,) = await_that(lambda: running.failure, "end of the role")
            assert isinstance(failure, DeniedError)
            told = str(explained(failure, site.settings(role), role))
        assert f"{operation} on {right.resource} {right.name}" in told
        assert f"--allow-principal User:{role} --operation {operation} " in told

        site.secured.grant(role.value, [right])
        with site.running(role, DEMO_POLICY) as again:
            world.await_entries(21)
            await_that(lambda: again.health.ready, "readiness")
        assert not again.failure
        if role is not Role.WORKER:  # what the timer fired last
            await_that(lambda: not untaken(world), "end of every input")
    check_all(world)


@contextmanager
def helped(site: Site) -> Iterator[None]:
    """Run a worker that may do everything."""
    worker = site.world.start(Worker, settings_for(site.secured.inner, site.prefix, DEMO_POLICY))
    try:
        yield
    finally:
        worker.stop()
