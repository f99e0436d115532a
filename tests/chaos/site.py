"""Makes all that a run needs, in order, and takes it away again whatever happens."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from qosresolve.contracts.policy import file as policy_file
from qosresolve.kafka import topics_admin
from qosresolve.kafka.policies import PolicyBook
from qosresolve.kafka.wire import contracts_for
from qosresolve.settings import Settings, load
from tests.chaos.field import Field
from tests.chaos.history import History
from tests.chaos.post import Post
from tests.chaos.profiles import PARTITIONS, PROFILES, environment_of
from tests.chaos.supervisor import ROOT, Supervisor
from tests.kafka.harness import wall_ms
from tests.support.kafka_broker import UnavailableError
from tests.support.kafka_cluster import KafkaCluster
from tests.support.kafka_node import die_with_parent
from tests.support.small_disk import SmallDisk

PREFIX = "chaos."
DISK_MB = 2_000
DISK_NODE = 2
PATIENT = {"group.max.session.timeout.ms": "120000"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is to be: its seed, how long it deals faults, on how many brokers, with which time-outs."""

    seed: int
    minutes: float
    nodes: int = 1
    profile: str = "short"
    workers: int = 3
    timers: int = 2
    auditors: int = 1
    products: int = 40
    pause_s: float | None = None
    only: str = ""  # kinds whose name has this in it


@dataclass(frozen=True, slots=True)
class Site:
    """A field with everything running on it, and the process that sends."""

    field: Field
    load: "subprocess.Popen[bytes]"


@contextmanager
def built(wanted: Wanted, folder: Path, history: History) -> Iterator[Site]:
    """Start brokers, topics, processes and load; end all of it when the block is left."""
    with ExitStack() as stack:
        disk = _disk(stack, wanted, history)
        data = {DISK_NODE: disk.data} if disk else {}
        cluster = stack.enter_context(KafkaCluster(wanted.nodes, properties=PATIENT, proxied=True, data=data))
        common = _settings(wanted, cluster, folder)
        through = common.model_copy(update={"bootstrap_servers": cluster.bootstrap})
        # The run's own clients are patient, and quiet.
        settings = common.model_copy(update={"kafka": {"log_level": "0"}})
        topics_admin.create(settings)
        history.note(
            "run",
            seed=wanted.seed, nodes=wanted.nodes, profile=wanted.profile,
            settings=settings.model_dump(mode="json", exclude_unset=True),
        )  # fmt: skip
        supervisor = Supervisor(folder, history, environment_of(through))
        stack.callback(supervisor.close)
        post = Post(settings, contracts_for(settings), history, random.Random(wanted.seed))
        profile = PROFILES[wanted.profile]
        policies = _policies(settings, folder)
        field = Field(cluster, supervisor, settings, post, profile, history, policies, disk, DISK_NODE)
        _people(supervisor, wanted)
        loading = _load(settings, wanted, folder, history)
        stack.callback(loading.kill)
        yield Site(field, loading)


def _disk(stack: ExitStack, wanted: Wanted, history: History) -> SmallDisk | None:
    if wanted.nodes <= DISK_NODE:
        return None
    try:
        return stack.enter_context(SmallDisk.mounted(DISK_MB))
    except UnavailableError as error:
        history.note("without", what="disk of a broker full", why=str(error))
        return None


def _people(supervisor: Supervisor, wanted: Wanted) -> None:
    for role, number in (("worker", wanted.workers), ("timer", wanted.timers), ("auditor", wanted.auditors)):
        for at in range(number):
            supervisor.add(f"{role}-{at}", role)


# -- settings


def _settings(wanted: Wanted, cluster: KafkaCluster, folder: Path) -> Settings:
    """Return what all processes have, but for the brokers' addresses: these go around the proxies."""
    policy, _ = _policy_files(folder)
    own = {
        "bootstrap_servers": cluster.direct,
        "prefix": PREFIX,
        "group": f"{PREFIX}group",
        "transactional_id_prefix": PREFIX,
        "partitions": str(PARTITIONS),
        "replication_factor": str(min(3, len(cluster.nodes))),
        "policy_file": str(policy),
        **PROFILES[wanted.profile].settings,
    }
    return load(overrides=[f"{name}={value}" for name, value in own.items()])


def _policy_files(folder: Path) -> tuple[Path, Path]:
    """Write the demo's policy, whose targets are seconds, and another one, stricter with its thresholds."""
    text = files("qosresolve.demo").joinpath("demo_policy.yaml").read_text(encoding="utf-8")
    first, second = folder / "policy-a.yaml", folder / "policy-b.yaml"
    first.write_text(text.replace("name: demo", "name: chaos-a"))
    second.write_text(text.replace("name: demo", "name: chaos-b").replace("percent: 50", "percent: 40"))
    return first, second


def _policies(settings: Settings, folder: Path) -> tuple[str, ...]:
    """Publish both, so that either may be made the active one."""
    book = PolicyBook(settings, contracts_for(settings))
    book.refresh()
    sources = [policy_file.load(path) for path in _policy_files(folder)]
    return tuple(
        book.publish(policy_file.compile(source), source.model.name, wall_ms()) for source in sources
    )


# -- the other processes


def _load(settings: Settings, wanted: Wanted, folder: Path, history: History) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.chaos.load", str(history.path)]
    with (folder / "logs" / "load.log").open("ab") as log:
        return subprocess.Popen(
            [*command, str(wanted.seed), str(wanted.products)],
            cwd=ROOT,
            env=os.environ | environment_of(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call: no lock can be held in it
        )
