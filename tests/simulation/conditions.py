"""Under what a run takes place: settings drawn by its seed, and the policies that there are."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from qosresolve.contracts.policy import file as policy_file
from qosresolve.kafka import policies, worker
from qosresolve.settings import Settings, load
from tests.kafka.harness import RECORDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from tests.simulation.patches import Patch

START_MS = 1_772_409_600_000  # Monday 2 March 2026, UTC
POLICY = Path(__file__).parent / "policy.yaml"
GROUP = "sim"


def settings(chance: Random, partitions: int, changes: Mapping[str, object]) -> Settings:
    """Return settings with short time-outs; what shapes batches, reading and memory is drawn."""
    given: dict[str, object] = {
        "group": GROUP,
        "transactional_id_prefix": f"{GROUP}-",
        "slot": "setup",
        "partitions": partitions,
        "replication_factor": 1,
        "policy_file": POLICY,
        "suspect_file": "",
        "session_timeout_ms": 6_000,
        "max_poll_interval_ms": chance.choice((8_000, 30_000)),
        "transaction_timeout_ms": chance.choice((2_000, 5_000)),
        "refire_ms": 1_000,
        "poll_ms": chance.choice((20, 50, 200, 500)),
        "batch_records": chance.choice((2, 7, 40, 1_000)),
        "backlog_wait_ms": chance.choice((600_000, 600_000, 600_000, 1_500)),
        "cached_cases": chance.choice((1, 4, 1_000)),
        "restore_stall_ms": 25_000,
        "kafka.message.timeout.ms": 2_000,
        "static_membership": chance.random() < 0.25,
        "group_protocol": chance.choice(("classic", "classic", "consumer")),
    }
    return load(overrides=[f"{name}={value}" for name, value in (given | dict(changes)).items()])


@cache
def _compiled(path: Path) -> tuple[bytes, str]:
    source = policy_file.load(path)
    return policy_file.compile(source), source.model.name


def _configured(given: Settings) -> tuple[bytes, str]:
    return _compiled(given.policy_file or POLICY)


_read_canonical = cache(policy_file.read_canonical)


def remembered() -> list[Patch]:
    """Return what keeps every life of every worker from compiling the same policies again."""
    return [
        (worker, "configured", _configured),
        (policies, "configured", _configured),
        (policy_file, "read_canonical", _read_canonical),
    ]


@cache
def other_policies() -> list[tuple[str, bytes]]:
    """Return policies that may be activated: hash, and the record to publish."""
    found = []
    text = POLICY.read_text(encoding="utf-8")
    for name, clear_after in (("slower", "4s"), ("quicker", "500ms")):
        other = text.replace("name: hasty", f"name: {name}")
        other = other.replace("{clear_after: 1s, opens_at", f"{{clear_after: {clear_after}, opens_at")
        canonical = policy_file.compile(policy_file.load(other))
        policy = _read_canonical(canonical)
        found.append((policy.hash, RECORDS.write_policy(policy.hash, name, START_MS, canonical)))
    return found
