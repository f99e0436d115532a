"""What files would change on the topic, relation by relation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qosresolve.contracts.records import Contracts
from qosresolve.errors import PoisonRecordError
from qosresolve.intake.inventory import Relation

Change = tuple[str, bytes | None]


@dataclass(slots=True)
class Difference:
    """Keys to write, with their records; `before` has what lies there now, None where nobody can read it."""

    stored: int
    same: int = 0
    added: dict[str, bytes] = field(default_factory=dict)
    changed: dict[str, bytes] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    left: int = 0  # on the topic alone, and left there
    before: dict[str, Relation | None] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many records would be written."""
        return len(self.added) + len(self.changed) + len(self.removed)

    def changes(self) -> Iterator[Change]:
        """Yield what is to be written. Removals come last: a product never loses an object in between."""
        yield from self.added.items()
        yield from self.changed.items()
        yield from ((key, None) for key in self.removed)


def compare(
    stored: Mapping[str, bytes], wanted: Mapping[str, Relation], contracts: Contracts, *, replace: bool
) -> Difference:
    """Return how a topic's records differ from relations; equal values in other bytes are the same."""
    found = Difference(len(stored))
    for key, relation in wanted.items():
        value = contracts.write_as("inventory", relation)
        held = stored.get(key)
        if held is None:
            found.added[key] = value
        elif held == value or (before := readable(key, held, contracts)) == relation:
            found.same += 1
        else:
            found.changed[key] = value
            found.before[key] = before
    alone = [key for key in stored if key not in wanted]
    if replace:
        found.removed = alone
        found.before |= {key: readable(key, stored[key], contracts) for key in alone}
    else:
        found.left = len(alone)
    return found


def readable(key: str, value: bytes, contracts: Contracts) -> Relation | None:
    """Return the relation that a record holds, None where it holds none, or one that belongs elsewhere."""
    try:
        found = contracts.read_as("inventory", Relation, value)
    except PoisonRecordError:
        return None
    return found if found.key == key else None
