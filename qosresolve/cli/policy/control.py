"""Publishing a policy, and ordering every partition to follow it."""

import uuid
from dataclasses import dataclass
from pathlib import Path

from qosresolve.cli.output import dump, line
from qosresolve.cli.people import user
from qosresolve.cli.sending import Sending, send
from qosresolve.cli.times import now_ms
from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.records import Contracts
from qosresolve.core.inputs import Command
from qosresolve.core.vocabulary import Verb
from qosresolve.errors import ConfigError
from qosresolve.kafka.acls import Operation
from qosresolve.kafka.policies import PolicyBook
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.reports import places, published_policies
from qosresolve.settings import Settings
from qosresolve.topics import COMMAND

SHORTEST = 6  # characters of a hash that are enough to mean one


@dataclass(frozen=True, slots=True)
class Order:
    """Who orders it, and why."""

    actor: str
    role: str
    reason: str


def compiled(file: Path) -> tuple[bytes, str]:
    """Return the canonical form and the name of a policy file. Raises PolicyFileError."""
    source = policy_file.load(file)
    return policy_file.compile(source), source.model.name


def wanted(policy: str) -> tuple[bytes, str] | str:
    """Return the policy of a file, refused before anything is asked of Kafka, or the beginning of a hash."""
    return compiled(Path(policy)) if Path(policy).is_file() else policy


def publish(settings: Settings, canonical: bytes, name: str, *, as_json: bool) -> None:
    """Store a policy and show its hash."""
    policy_hash, new = _published(settings, contracts_for(settings), canonical, name)
    if as_json:
        dump({"hash": policy_hash, "name": name, "new": new})
    else:
        line(f"{'published' if new else 'was published already:'} {name} {policy_hash}")


def _published(settings: Settings, contracts: Contracts, canonical: bytes, name: str) -> tuple[str, bool]:
    book = PolicyBook(settings, contracts)
    book.refresh()
    new = policy_file.policy_hash(canonical) not in book
    return book.publish(canonical, name, now_ms()), new


def activate(
    settings: Settings, policy: tuple[bytes, str] | str, order: Order, *, dry_run: bool, as_json: bool
) -> None:
    """Order every partition of the command topic to follow a policy, in its own order of records."""
    contracts = contracts_for(settings)
    policy_hash = _hash_of(settings, contracts, policy, dry_run=dry_run)
    command_id = str(uuid.uuid4())
    partitions = [number for _, number in places(settings, COMMAND, Operation.WRITE)]
    if not dry_run:
        record, value = contracts.write_input(_command(command_id, policy_hash, order))
        send(settings, [Sending(record, number, str(number), value) for number in partitions])
    if as_json:
        told = {"hash": policy_hash, "command_id": command_id, "partitions": partitions, "dry_run": dry_run}
        dump(told)
    else:
        verb = "would be ordered" if dry_run else "ordered"
        line(f"{policy_hash} {verb} in {len(partitions)} partitions by command {command_id}")


def _command(command_id: str, policy_hash: str, order: Order) -> Command:
    return Command(
        product_id="",
        command_id=command_id,
        verb=Verb.ACTIVATE_POLICY,
        actor=order.actor or user(),
        role=order.role,
        reason=order.reason,
        issued_at=now_ms(),
        value=policy_hash,
    )


def _hash_of(
    settings: Settings, contracts: Contracts, policy: tuple[bytes, str] | str, *, dry_run: bool
) -> str:
    """Return the hash of a file, published unless it is a dry run, or of the one policy it begins."""
    if not isinstance(policy, str):
        canonical, name = policy
        if dry_run:
            return policy_file.policy_hash(canonical)
        return _published(settings, contracts, canonical, name)[0]
    known = [item.hash for item in published_policies(settings, contracts)]
    found = [item for item in known if item.startswith(policy) and len(policy) >= SHORTEST]
    if len(found) != 1:
        raise ConfigError(
            f"{policy!r} is neither a file nor the beginning of one published hash",
            setting="FILE|HASH",
            remedy="name a policy file, or a hash that `qosresolve policy show` lists",
        )
    return found[0]
