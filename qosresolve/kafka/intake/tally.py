"""What a batch of intake came to, for metrics and the log."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Buried:
    """One dead letter: where it lay, and why."""

    topic: str
    partition: int
    offset: int
    stage: str
    error: str


@dataclass(slots=True)
class Tally:
    """Counts of one batch of one partition."""

    records: int = 0
    newest: int = 0  # time of the newest record, ms
    read: Counter[str] = field(default_factory=Counter)  # records by format
    emitted: int = 0
    replies: Counter[str] = field(default_factory=Counter)  # by channel
    folded: int = 0
    parked: Counter[str] = field(default_factory=Counter)  # by reason
    unparked: int = 0
    given_up: int = 0
    ignored: Counter[str] = field(default_factory=Counter)  # by reason
    retried: Counter[str] = field(default_factory=Counter)  # by what came of it
    clock_off: int = 0
    buried: list[Buried] = field(default_factory=list)
