"""What is replayed, and what of the result is wanted. Values only; instants are ms since the epoch, UTC."""

from dataclasses import dataclass

from qosresolve.core.inputs import Cause

Where = tuple[str, int, int]  # topic, partition, offset of an input


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of the range: an instant, or the input at a place; neither is the widest that can be."""

    at: int | None = None
    where: Where | None = None

    def holds(self, cause: Cause, now: int) -> bool:
        """Tell whether an entry is the first one at or behind this."""
        if self.where is not None:
            return (cause.topic, cause.partition, cause.offset) == self.where
        return self.at is not None and now >= self.at


ANY = Bound()


@dataclass(frozen=True, slots=True)
class Question:
    """A range, whose decisions, under which policy.

    `since` is inside the range, `until` is not. An empty product, report, customer or tier means all.
    `policy` is a canonical policy that all follow, None for the recorded ones. Instants within `tolerance` ms
    are the same. `whole` keeps what is the same beside what differs, for whoever draws it.
    """

    since: Bound = ANY
    until: Bound = ANY
    product: str = ""
    report: str = ""
    customer: str = ""
    tier: str = ""
    policy: bytes | None = None
    tolerance: int = 0
    whole: bool = False

    def concerns(self, number: int) -> bool:
        """Tell whether a partition lies in the range: the place of an input is in one of them."""
        places = [bound.where for bound in (self.since, self.until) if bound.where is not None]
        return all(where[1] == number for where in places)

    @property
    def narrow(self) -> bool:
        """True where not all that differs is wanted."""
        return bool(self.report or self.customer or self.tier)
