"""Made-up clusters for the checks, and what they found by name."""

from collections.abc import Iterable

from qosresolve.replay.doctor.findings import Finding
from qosresolve.replay.doctor.site import Replicas
from qosresolve.settings import Settings, load

HOUR, DAY = 3_600_000, 86_400_000
NOW = 1_760_000_000_000


def names(findings: Iterable[Finding]) -> list[str]:
    """Return the kinds that were found, in order."""
    return [finding.kind.name for finding in findings]


def settings(*sets: str) -> Settings:
    """Return settings with these values."""
    return load(overrides=list(sets))


def lying(
    *copies: int,
    in_sync: tuple[int, ...] | None = None,
    leader: int = 1,
    topic: str = "t",
    partition: int = 0,
) -> Replicas:
    """Return where a partition lies; all copies are in sync unless a test says otherwise."""
    return Replicas(topic, partition, leader, copies, copies if in_sync is None else in_sync)
