"""A string that senders put everywhere is seen in no log line, metric or provenance header.

Nor is the password. Of what comes in only our own ids are told, and where a record lies.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

import pytest

from qosresolve.core.facts import DeadLettered, Entry, TargetBreached
from qosresolve.core.vocabulary import Outcome
from qosresolve.kafka import clients
from qosresolve.kafka.acls import Role
from qosresolve.kafka.dead_letters import PREFIX
from qosresolve.kafka.murmur import partition_of
from qosresolve.topics import DEAD_LETTERS, ESCALATION
from tests.kafka.escalated import hooked
from tests.kafka.harness import DEMO_POLICY, PARTITIONS, World, await_that
from tests.notify.receiver import Say, receiving
from tests.security.canaries import CANARY, everything
from tests.security.conftest import as_options, untaken
from tests.support.kafka_broker import LOOPBACK, free_port

if TYPE_CHECKING:
    from pathlib import Path

    from confluent_kafka import Message

    from tests.notify.receiver import Answering, Receiver
    from tests.security.conftest import Site

USER = "quiet"
PASSWORD = f"{CANARY}-password"
EVENTS = (
    *("report opened", "status", "escalation", "target breached", "dead letter", "batch"),
    *("told", "escalations are not taken", "escalations are taken again"),
    *("window set", "window lifted", "window refused", "policy left out", "stopping"),
)
ROLES = (Role.WORKER, Role.TIMER, Role.AUDITOR, Role.NOTIFY)
NOT_TAKEN = (401, 503, 302)


def send_all(world: World) -> None:
    producer = clients.plain_producer(world.settings)
    for sent in everything():
        home = partition_of(sent.product, PARTITIONS) if sent.topic.co_partitioned else 0
        place = (home + sent.astray) % PARTITIONS
        key = sent.key or sent.product.encode()
        headers = cast("Any", sent.headers)
        producer.produce(world.names.of(sent.topic), sent.value, key, place, headers=headers)
    assert producer.flush(30) == 0


def seen(text: str) -> list[str]:
    """Return the lines that hold the canary."""
    return [line[:600] for line in text.splitlines() if CANARY.lower() in line.lower()]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_what_senders_write_is_never_told(site: Site, tmp_path: Path, log_format: str) -> None:
    """All roles in one process, at the level that tells most: every input ends, none is quoted."""
    world, log = site.world, tmp_path / "log"
    site.secured.set_password(USER, PASSWORD)
    with ExitStack() as stack:
        for role in ROLES:
            stack.enter_context(site.secured.granted(USER, site.rights(role)))
        receiver = stack.enter_context(receiving(talkative()))
        hook = hooked(receiver, tmp_path, f"notify_url={receiver.url}?key={CANARY}")
        metrics = run_through(world, command(site, log_format, *hook), log, receiver)
    assert all(CANARY in got.body.decode() for got in receiver.taken), "what is told is whole"
    letters = world.messages(DEAD_LETTERS)
    told = "\n".join([log.read_text(), metrics, *provenance(letters), *journalled(world.journal())])

    assert {entry.outcome for entry in world.journal()} == set(Outcome)
    for event in EVENTS:
        assert event in told, "the log was not read"
    assert 'qosresolve_dead_letters_total{stage="decode"}' in metrics
    assert not seen(told)


def talkative() -> Answering:
    """Return a receiver that takes nothing at first, and says more than it should."""
    answers = iter(
        Say(status, {"Location": f"/?{CANARY}", CANARY: CANARY}, CANARY.encode()) for status in NOT_TAKEN
    )
    return lambda _: next(answers, Say(200, body=CANARY.encode()))


def command(site: Site, log_format: str, *more: str) -> list[str]:
    """Return the process: one user for all roles, its password not among the words."""
    port = free_port()
    more = (*more, DEMO_POLICY, f"log_format={log_format}", "log_level=debug", f"http_port={port}")
    settings = site.settings(Role.WORKER, f"kafka.sasl.username={USER}", *more)
    options = {name: value for name, value in settings.kafka.items() if name != "sasl.password"}
    words = as_options(settings.model_copy(update={"kafka": options}))
    return [sys.executable, "-m", "qosresolve", "run", *ROLES, *words]


def run_through(world: World, words: list[str], log: Path, receiver: Receiver) -> str:
    """Run the process until every input has ended; return its metrics."""
    port = next(word for word in words if word.startswith("http_port=")).removeprefix("http_port=")
    send_all(world)
    environment = os.environ | {"QOSRESOLVE_KAFKA__SASL_PASSWORD": PASSWORD}
    with (
        log.open("wb") as out,
        subprocess.Popen(words, stdout=out, stderr=out, env=environment) as process,  # noqa: S603 - our own
    ):
        try:
            await_that(lambda: not untaken(world), "end of every input")
            await_that(lambda: world.messages(ESCALATION), "escalation")
            await_that(lambda: breached(world), "breach")
            await_that(lambda: receiver.taken, "escalation at the receiver")
            with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=10) as answer:
                metrics = answer.read().decode()
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()[-2000:]
    return str(metrics)


def breached(world: World) -> bool:
    """Say whether a deadline has passed, the last thing that is told."""
    facts = (fact for entry in world.journal() for fact in entry.facts)
    return any(isinstance(fact, TargetBreached) for fact in facts)


def provenance(letters: list[Message]) -> list[str]:
    """Return what we say of dead letters; their own headers stay as they came."""
    headers = [cast("tuple[str, bytes]", header) for letter in letters for header in letter.headers() or []]
    return [f"{name}: {value!r}" for name, value in headers if name.startswith(PREFIX)]


def journalled(entries: list[Entry]) -> list[str]:
    """Return what the journal says of dead letters."""
    facts = (fact for entry in entries for fact in entry.facts)
    return [f"{fact.error} {fact.remedy}" for fact in facts if isinstance(fact, DeadLettered)]
