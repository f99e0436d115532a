"""Who the brokers are and who we are: what is wrong is said at once, and a password may change in mid-run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qosresolve.errors import FatalError
from qosresolve.kafka.acls import Role
from tests.kafka.checks import check_all
from tests.kafka.harness import await_that
from tests.security.conftest import USERS
from tests.support.kafka_broker import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.security.conftest import Site
    from tests.security.secured import Secured

NEW = "another-secret"

# What is wrong, the setting that does it, and the setting that the message names.
WRONG: dict[str, tuple[Callable[[Secured], str], str]] = {
    "unknown authority": (
        lambda secured: f"kafka.ssl.ca.location={secured.other_ca_file}",
        "kafka.ssl.ca.location",
    ),
    "other host name": (
        lambda secured: f"bootstrap_servers=localhost:{secured.ports.secure}",
        "kafka.ssl.ca.location",
    ),
    "expired certificate": (
        lambda secured: f"bootstrap_servers={LOOPBACK}:{secured.ports.expired}",
        "kafka.ssl.ca.location",
    ),
    "wrong password": (lambda _: "kafka.sasl.password=guessed", "kafka.sasl.password"),
    "unknown user": (lambda _: "kafka.sasl.username=nobody", "kafka.sasl.password"),
    "other mechanism": (lambda _: "kafka.sasl.mechanism=PLAIN", "kafka.sasl.password"),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("words", [("run", "worker"), ("reports", "list")], ids=" ".join)
def test_a_wrong_identity_is_said_at_once(shared_site: Site, what: str, words: tuple[str, ...]) -> None:
    """Status 2 and the setting to mend, by processes and tools alike; no password in it."""
    change, named = WRONG[what]
    done = shared_site.command(Role.WORKER, *words, sets=(change(shared_site.secured),))
    assert done.exit_code == 2, done.stderr
    assert f"error: {named}: " in done.stderr
    assert "docs/security.md" in done.stderr
    assert "guessed" not in done.stderr
    assert USERS[Role.WORKER] not in done.stderr


@pytest.fixture
def changing(secured: Secured) -> Iterator[None]:
    """The worker's password is as it was, afterwards."""
    yield
    secured.set_password(Role.WORKER.value, USERS[Role.WORKER])


@pytest.mark.usefixtures("changing")
def test_a_password_may_change_in_mid_run(site: Site) -> None:
    """Connections that are there go on; one that has to be made anew ends the process; the next one works."""
    secured, world = site.secured, site.world
    through = f"bootstrap_servers={LOOPBACK}:{secured.proxy.port}"
    with secured.granted(Role.WORKER.value, site.rights(Role.WORKER)):
        with site.running(Role.WORKER, through) as worker:
            world.degrade("P1")
            world.await_entries(1)

            secured.set_password(Role.WORKER.value, NEW)
            await_that(lambda: site.command(Role.WORKER, "reports", "list").exit_code == 2, "refusal")
            world.degrade("P2")
            world.await_entries(2)
            assert not worker.failure, "a connection that was there is not asked again"

            secured.proxy.reset()
            world.degrade("P3")
            (failure,) = await_that(lambda: worker.failure, "end of the worker")
        assert isinstance(failure, FatalError)
        assert "Start again with the new one" in str(failure)

        with site.running(Role.WORKER, f"kafka.sasl.password={NEW}"):
            world.await_entries(3)
    check_all(world)
