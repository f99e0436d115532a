"""The policies that partitions decide by: each is on its topic, whole, and the same everywhere."""

from collections.abc import Iterator, Mapping

from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.records import Contracts
from qosresolve.errors import PoisonRecordError
from qosresolve.replay.doctor.findings import Finding, Kind, Severity, partitions, some
from qosresolve.replay.doctor.inputs import taken
from qosresolve.replay.doctor.site import STALL_S, Site
from qosresolve.replay.reports import latest
from qosresolve.topics import POLICY

_PAGE = "docs/runbooks/unknown-policy.md"

UNKNOWN = Kind(
    "policy-unknown",
    Severity.CRITICAL,
    "partitions decide by a policy that is not on the policy topic: their next owner waits, then stops",
    "qosresolve policy publish FILE",
    _PAGE,
)
BROKEN = Kind(
    "policy-unreadable",
    Severity.CRITICAL,
    "the policy that partitions decide by lies there, and is not what its hash says, or cannot be read",
    "qosresolve policy publish FILE",
    _PAGE,
)
MIXED = Kind(
    "policies-mixed",
    Severity.NOTE,
    "partitions decide by different policies: an activation is under way, or did not reach all of them",
    "qosresolve policy show",
    _PAGE,
)


def active(site: Site) -> Iterator[Finding]:
    """Is the policy of each partition on the policy topic, and does it load?"""
    wanted = {state.partition: state.active_policy for state in taken(site).states.values()}
    rows = latest(site.settings, site.places([POLICY]), stall_s=STALL_S)
    return unreachable(wanted, {key: why_not(site.contracts, key, value) for key, value in rows.items()})


def why_not(contracts: Contracts, policy_hash: str, value: bytes) -> str:
    """Return why a record of the policy topic is not the policy of that hash, empty where it is."""
    try:
        policy = policy_file.read_canonical(contracts.read_policy(value).body)
    except (PoisonRecordError, policy_file.CanonicalFormError) as error:
        return str(error)[:100]
    return "" if policy.hash == policy_hash else f"it is the policy {policy.hash}"


def unreachable(wanted: Mapping[int, str], published: Mapping[str, str]) -> Iterator[Finding]:
    """Judge the active policy of each partition by what is published: hash, and why it does not load."""
    hashes = sorted({each for each in wanted.values() if each})
    for policy in hashes:
        where = partitions(_partitions(wanted, policy))
        if policy not in published:
            yield UNKNOWN.found(f"policy {policy[:12]}", f"{where}: nobody published {policy}")
        elif published[policy]:
            yield BROKEN.found(f"policy {policy[:12]}", f"{where}: {published[policy]}")
    if len(hashes) > 1:
        yield MIXED.found("policies", some([policy[:12] for policy in hashes]))


def _partitions(wanted: Mapping[int, str], policy: str) -> list[int]:
    return sorted(number for number, each in wanted.items() if each == policy)
