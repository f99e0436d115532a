"""Registering: what would be done is looked up first, agreed to, then done."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import typer

from qosresolve.cli.schemas import looking, view
from qosresolve.contracts.registry.client import Registry
from qosresolve.contracts.registry.registering import Change, Done, carry_out, changes
from qosresolve.contracts.registry.standing import look
from qosresolve.contracts.registry.subjects import Subject, subjects
from qosresolve.errors import ConfigError
from qosresolve.settings import Settings
from qosresolve.topics import Names


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is done and told."""

    yes: bool
    dry_run: bool
    as_json: bool


def registered(settings: Settings, records: Iterable[str], manner: Manner) -> int:
    """Register; return the exit status. Raises ConfigError where nobody agrees, RegistryError."""
    with looking.registry(settings) as registry:
        return _registered(registry, subjects(Names(settings.prefix), records), manner)


def _registered(registry: Registry, meant: Sequence[Subject], manner: Manner) -> int:
    standings = [look(registry, subject) for subject in meant]
    refused = [standing for standing in standings if standing.refused]
    wanted = changes(standings)
    if refused:
        view.refused(refused, dry_run=manner.dry_run, as_json=manner.as_json)
        return 1
    if manner.dry_run or not wanted:
        view.planned(wanted, dry_run=manner.dry_run, as_json=manner.as_json)
        return 0
    _agreed(wanted, manner)
    done: list[Done] = []
    try:
        done.extend(carry_out(registry, wanted))
    finally:
        view.registered(done, as_json=manner.as_json)
    return int(any(item.refused for item in done))


def _agreed(wanted: Sequence[Change], manner: Manner) -> None:
    """Ask before anything is written. Raises ConfigError where nobody agrees."""
    if manner.yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError(
            f"{len(wanted)} subjects would be changed, and nobody is there to ask",
            setting="--yes",
            remedy="look with --dry-run, then say --yes",
        )
    view.planned(wanted, dry_run=True, as_json=False, stderr=True)
    if not typer.confirm(f"change these {len(wanted)} subjects?", err=True):
        raise ConfigError("not agreed, nothing was written", setting="--yes")
