"""How policies and their findings are shown."""

from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from qosresolve.cli.output import console, dump, line, table
from qosresolve.cli.times import shown
from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.policy import summary as policy_report
from qosresolve.contracts.policy.findings import Finding, PolicyFileError
from qosresolve.contracts.records import PublishedPolicy
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.reports import partition_states, published_policies
from qosresolve.settings import Settings

REFUSED = 2


def check(file: Path, *, as_json: bool) -> int:
    """Show what a policy file says, or all that is wrong with it; return the exit status."""
    try:
        source = policy_file.load(file)
        policy = policy_file.read_canonical(policy_file.compile(source))
    except PolicyFileError as error:
        refused(error, as_json=as_json)
        return REFUSED
    sections = policy_report.summary(policy, today=datetime.now(UTC).date(), warnings=source.warnings)
    if as_json:
        told = [asdict(section) for section in sections]
        warnings = [_finding(warning) for warning in source.warnings]
        dump({"ok": True, "hash": policy.hash, "findings": warnings, "sections": told})
        return 0
    screen = console()
    for section in sections:
        if section.rows:
            screen.print(table(section.title, section.columns, section.rows))
    return 0


def refused(error: PolicyFileError, *, as_json: bool) -> None:
    """Show all that is wrong with a file."""
    if as_json:
        dump({"ok": False, "findings": [_finding(finding) for finding in error.findings]})
        return
    for finding in error.findings:
        line(f"{finding} [{finding.check}]")
    line(f"refused: {len(error.findings)} finding{'s' * (len(error.findings) != 1)}")


def _finding(finding: Finding) -> dict[str, object]:
    return asdict(finding) | {"check": str(finding.check)}


def show(settings: Settings, *, as_json: bool) -> None:
    """Show what is published and what is active where."""
    contracts = contracts_for(settings)
    published = published_policies(settings, contracts)
    active: dict[str, list[int]] = defaultdict(list)
    for number, state in partition_states(settings, contracts).items():
        active[state.active_policy].append(number)
    if as_json:
        dump({"published": [_published(policy) for policy in published], "active": dict(active)})
        return
    names = {policy.hash: policy for policy in published}
    rows = [_row(names.get(item), item, active.get(item, [])) for item in (*names, *(active.keys() - names))]
    console().print(table("", ("hash", "name", "published", "active in partitions"), rows))


def _published(policy: PublishedPolicy) -> dict[str, object]:
    return {"hash": policy.hash, "name": policy.name, "published_at": policy.published_at}


def _row(policy: PublishedPolicy | None, policy_hash: str, partitions: list[int]) -> tuple[str, ...]:
    name, at = (policy.name, shown(policy.published_at)) if policy else ("not published", "-")
    return policy_hash or "none", name, at, ", ".join(map(str, partitions)) or "-"
