"""Policies on the policy topic: published under their hash, read to the end, pinned by reports.

Which policy a partition's new reports follow is not decided here but by control commands in its input order.
"""

from collections.abc import Iterable

import structlog

from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.records import Contracts
from qosresolve.core.policy import Policies, Policy, UnknownPolicyError
from qosresolve.errors import PoisonRecordError, RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.delivery import undelivered
from qosresolve.kafka.outputs import Output
from qosresolve.kafka.reading import partitions_of, read_all
from qosresolve.settings import Settings
from qosresolve.topics import POLICY, Names

DELIVERY_S = 30.0


class PolicyBook:
    """Every policy that was ever published, by hash."""

    def __init__(self, settings: Settings, contracts: Contracts, known: Iterable[Policy] = ()) -> None:
        self._settings = settings
        self._contracts = contracts
        self._topic = Names(settings.prefix).of(POLICY)
        self._known = {policy.hash: policy for policy in known}
        self._sets: dict[str, Policies] = {}
        self._log = structlog.get_logger(role="worker")

    def __contains__(self, policy_hash: str) -> bool:
        """Tell whether a policy is at hand."""
        return policy_hash in self._known

    def policies(self, active: str) -> Policies:
        """Return the policies with one of them active. Raises UnknownPolicyError."""
        found = self._sets.get(active)
        if found is None:
            if active not in self._known:
                raise UnknownPolicyError(active)
            found = self._sets[active] = Policies(self._known[active], self._known)
        return found

    def refresh(self) -> None:
        """Read the policy topic to its end."""
        if partitions_of(clients.admin(self._settings), self._topic) == 0:
            return
        for message in read_all(self._settings, [(self._topic, 0)]):
            value = message.value()
            if value is not None:
                self.learn(value)

    def learn(self, value: bytes) -> None:
        """Take a record of the policy topic; what cannot be read, or is not what its hash says, is left out.

        So it is unknown: whoever is told to follow it waits for it, and stops with a page of its own.
        """
        try:
            record = self._contracts.read_policy(value)
            if record.hash in self._known:
                return
            policy = policy_file.read_canonical(record.body)
        except (PoisonRecordError, policy_file.CanonicalFormError) as error:
            self._log.error("policy left out", why=str(error)[:200])
            return
        if policy.hash == record.hash:
            self._known[policy.hash] = policy
        else:
            self._log.error("policy left out", why="its hash is not that of what it holds")

    def publish(self, canonical: bytes, name: str, now: int) -> str:
        """Store a policy under its hash, acknowledged, before anything can name it; return the hash."""
        policy = policy_file.read_canonical(canonical)
        if policy.hash not in self._known:
            self._send(policy.hash, self._contracts.write_policy(policy.hash, name, now, canonical))
            self._known[policy.hash] = policy
        return policy.hash

    def _send(self, key: str, value: bytes) -> None:
        producer = clients.plain_producer(self._settings)
        clients.connect(producer)
        why = undelivered(producer, Output(self._topic, 0, key.encode(), value, []), DELIVERY_S)
        if why is not None:
            raise RetriableError(f"policy {key} was not acknowledged: {why}")


def configured(settings: Settings) -> tuple[bytes, str]:
    """Return the canonical form and the name of the policy that the settings name, or the shipped one."""
    source = policy_file.load(settings.policy_file or policy_file.default_text())
    return policy_file.compile(source), source.model.name


def tiers(settings: Settings) -> tuple[str, ...]:
    """Return the tiers of that policy. Raises as the file does."""
    return tuple(policy_file.read_canonical(configured(settings)[0]).tiers)
