"""What an explanation consists of: plain values, so that it can be shown, compared and written as JSON.

Instants in ms since the epoch, UTC; durations in ms. A `problems` field holds what does not add up: empty is
good. Texts are for people and name instants in the customer's zone.
"""

from dataclasses import dataclass
from enum import StrEnum

from qosresolve.core.clocks import Pause


@dataclass(frozen=True, slots=True)
class Origin:
    """The input that decided something: its place and id, the rule with its meaning, the policy's hash."""

    at: int
    topic: str
    partition: int
    offset: int
    event_id: str
    outcome: str
    rule: str
    meaning: str
    policy: str


class Kind(StrEnum):
    """What a stretch of a walk is."""

    OPEN = "open"
    CLOSED = "closed"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a walk: `counted` open ms lie in it, `used` since the start at its end.

    `left_out` are the open ms in which the clock stood still.
    """

    kind: Kind
    since: int
    until: int
    counted: int
    used: int
    left_out: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Standstill:
    """A span in which a clock stood still: why, by whose word, and how it ended. `until` None: it goes on."""

    since: int
    until: int | None
    reason: str
    by: str
    ended_by: str
    by_itself: bool
    origin: Origin
    note: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A clock's target as one fact set it; `found` is where the walk ends."""

    reason: str
    why: str
    started_at: int
    target: int | None
    due_at: int | None
    found: int | None
    held_since: int | None
    paused: tuple[Pause, ...]
    origin: Origin
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A threshold, or at 100 % the deadline itself: when it fell due and when it was told, if it was."""

    percent: int
    level: int
    due_at: int
    told_at: int | None


@dataclass(frozen=True, slots=True)
class ClockStory:
    """One clock: every target it had, and the walk to the last deadline; `used` open ms by `used_by`."""

    clock: str
    outcome: str
    calendar: str
    zone: str
    versions: tuple[Version, ...]
    stretches: tuple[Stretch, ...]
    standstills: tuple[Standstill, ...]
    marks: tuple[Mark, ...]
    due_at: int | None
    target: int | None
    stopped_at: int | None
    used: int
    used_by: int
    text: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A plan node that has to fit in between a request's due time and the restore deadline."""

    node: str
    calendar: str
    begins: int
    ends: int
    duration: int


@dataclass(frozen=True, slots=True)
class WorkStory:
    """Why a request is due when it is."""

    obligation_id: str
    node: str
    target: str
    party: str
    attempt: int
    contact: str
    state: str
    asked_at: int
    due_at: int
    calendar: str
    text: str
    stretches: tuple[Stretch, ...]
    behind: tuple[Link, ...]
    origin: Origin
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Another instant that something waits for, as a sum; `newest` of its kind and subject."""

    what: str
    subject: str
    at: int
    text: str
    origin: Origin
    newest: bool = True
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that went out, or a step of the escalation: to whom, about what, and why."""

    at: int
    about: str
    what: str
    to: str
    reason: str
    process: str
    origin: Origin
    details: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Silence:
    """Something that might have been expected and did not happen, and why; `until` None: it is so still."""

    about: str
    text: str
    since: int
    until: int | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is to be said of a report, or with an empty `report_id` of a product's watch, as of `at`."""

    product_id: str
    report_id: str
    at: int
    zone: str
    policy: str
    policy_name: str
    status: str
    clocks: tuple[ClockStory, ...] = ()
    works: tuple[WorkStory, ...] = ()
    waits: tuple[Wait, ...] = ()
    messages: tuple[Message, ...] = ()
    silences: tuple[Silence, ...] = ()
    inputs: tuple[Silence, ...] = ()
    reports: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Return everything that does not add up."""
        told = [item.problems for item in self.clocks] + [item.problems for item in self.works]
        told += [item.problems for item in self.waits] + [item.problems for item in self.messages]
        return tuple(problem for problems in told for problem in problems)

    @property
    def adds_up(self) -> bool:
        """True when every instant was confirmed."""
        return not self.problems


class UnprovableError(LookupError):
    """The journal does not hold what the explanation has to begin with; the message says what to do."""
