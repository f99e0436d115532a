"""One secured broker for the run, and a world of topics on it that nobody may touch unless told."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
import structlog
from typer.testing import CliRunner, Result

from qosresolve.cli.main import app
from qosresolve.kafka.acls import Acl, Role, acls
from qosresolve.kafka.intake.role import Intake
from qosresolve.kafka.notify.role import Notify
from qosresolve.kafka.timer import Timer
from qosresolve.kafka.worker import Worker
from qosresolve.replay.live.auditor import Auditor
from qosresolve.settings import Settings
from qosresolve.topics import INPUTS
from tests.kafka.harness import Running, World, offsets_of, settings_for
from tests.security.secured import Secured

KINDS = {
    Role.WORKER: Worker,
    Role.TIMER: Timer,
    Role.AUDITOR: Auditor,
    Role.INTAKE: Intake,
    Role.NOTIFY: Notify,
}
OWN = {Role.NOTIFY: ("notify_url=http://127.0.0.1:1",)}  # without which it does not start
USERS = {role.value: f"secret-of-{role.value}" for role in Role}


@dataclass(frozen=True, slots=True)
class Site:
    """A broker, the topics of one test (made and seen by somebody who may do everything), and its users."""

    secured: Secured
    world: World
    prefix: str

    def settings(self, role: Role, *more: str) -> Settings:
        """Return a role's settings: its own user over TLS, short time-outs; `more` overrides."""
        client = self.secured.client(role.value, USERS[role.value])
        return settings_for(self.secured.bootstrap, self.prefix, *client, *OWN.get(role, ()), *more)

    def rights(self, role: Role) -> list[Acl]:
        """Return what the table gives a role."""
        return acls(role, self.settings(role))

    @contextmanager
    def running(self, role: Role, *more: str) -> Iterator[Running]:
        """Run a process's role as its user, in a thread, for the length of a block."""
        started = self.world.start(KINDS[role], self.settings(role, *more))
        try:
            yield started
        finally:
            started.stop()

    def command(self, role: Role, *words: str, sets: tuple[str, ...] = ()) -> Result:
        """Run a command as a role's user."""
        options = as_options(self.settings(role, *sets))
        return CliRunner().invoke(app, [*words, *options], prog_name="qosresolve")

    def ended(self, role: Role, streams: pytest.CaptureFixture[str]) -> tuple[int, str]:
        """Run a process's role in this thread until it ends by itself; return its status and what it told.

        With streams that are files, as a process has them.
        """
        words = ["run", role.value, *as_options(self.settings(role))]
        status = app(words, prog_name="qosresolve", standalone_mode=False)
        return int(status), streams.readouterr().err


def untaken(world: World) -> set[tuple[str, int, int]]:
    """Return the inputs that have no journal record."""
    sent = {
        (world.names.of(topic), message.partition() or 0, message.offset() or 0)
        for topic in INPUTS
        for message in world.messages(topic)
    }
    return sent - set(offsets_of(world.journal()))


def as_options(settings: Settings) -> list[str]:
    """Return settings as a command takes them."""
    chosen = settings.model_dump(mode="json", exclude_unset=True)
    flat = {name: value for name, value in chosen.items() if name != "kafka"}
    flat |= {f"kafka.{name}": value for name, value in chosen["kafka"].items()}
    return [word for name, value in flat.items() for word in ("--set", f"{name}={value}")]


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("QOSRESOLVE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """A command sets up logging to streams that end with the test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """The broker: SCRAM over TLS, and nothing is allowed that no ACL allows."""
    with Secured(tmp_path_factory.mktemp("secured"), USERS) as broker:
        yield broker


@pytest.fixture
def site(secured: Secured, prefix: str) -> Iterator[Site]:
    """Topics of the test's own, and no rights."""
    yield from made(secured, prefix)


@pytest.fixture(scope="module")
def shared_site(secured: Secured) -> Iterator[Site]:
    """Topics that a module's tests share, and the rights of all processes."""
    for site in made(secured, f"t{secrets.token_hex(4)}."):
        with ExitStack() as stack:
            for role in KINDS:
                stack.enter_context(secured.granted(role.value, site.rights(role)))
            yield site


def made(secured: Secured, prefix: str) -> Iterator[Site]:
    world = World(settings_for(secured.inner, prefix))
    yield Site(secured, world, prefix)
    world.flush()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks whatever uses the secured broker."""
    for item in items:
        if "secured" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kafka)
