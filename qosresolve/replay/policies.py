"""The policies that reports pinned, as they were published."""

from collections.abc import Iterable

from qosresolve.contracts.policy.file import CanonicalFormError, read_canonical
from qosresolve.contracts.records import Contracts
from qosresolve.core.policy import Policy
from qosresolve.errors import ConfigError
from qosresolve.replay.reports import published_policies
from qosresolve.settings import Settings


def policies_of(settings: Settings, contracts: Contracts, wanted: Iterable[str] | None) -> dict[str, Policy]:
    """Return the published policies of these hashes, of None all. Raises ConfigError on one that is none."""
    names = None if wanted is None else set(wanted)
    try:
        return {
            item.hash: read_canonical(item.body)
            for item in published_policies(settings, contracts)
            if names is None or item.hash in names
        }
    except CanonicalFormError as error:
        raise ConfigError(
            f"a published policy cannot be read: {error}", remedy="upgrade this version"
        ) from None
