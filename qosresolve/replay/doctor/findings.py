"""What is found: kinds, each with what it means, the command that mends it and its page; and findings.

Every kind is a value in the module of the check that finds it; docs/doctor.md is made of them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from qosresolve.kafka.offsets import Place

SHOWN = 5  # names in a list before it says how many more there are


class Severity(StrEnum):
    """How bad it is, the worst first."""

    CRITICAL = "critical"  # work stands still, or what is promised does not hold now
    WARNING = "warning"  # it will not hold after the next mishap
    NOTE = "note"  # to be known; nothing has to be done
    OK = "ok"

    @property
    def rank(self) -> int:
        """Return 0 for the worst."""
        return list(Severity).index(self)

    @property
    def bad(self) -> bool:
        """Tell whether somebody has to do something."""
        return self in (Severity.CRITICAL, Severity.WARNING)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was seen, about `subject`: a topic, a group, a setting."""

    kind: "Kind"
    subject: str
    seen: str
    command: str

    @property
    def severity(self) -> Severity:
        """Return how bad it is: that of the kind."""
        return self.kind.severity


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of docs/doctor.md. `command` may have {names}; $BOOTSTRAP and $GROUP are filled in last."""

    name: str
    severity: Severity
    means: str
    command: str
    page: str

    def found(self, subject: str, seen: str, **words: object) -> Finding:
        """Return a finding of this kind; `words` fill the command, `subject` is one of them."""
        return Finding(self, subject, seen, self.command.format(subject=subject, **words))


WELL = Kind("ok", Severity.OK, "nothing was found", "", "")
NOT_LOOKED = Kind(
    "not-looked",
    Severity.WARNING,
    "this check could not be made, so nothing is known of what it looks at",
    "qosresolve doctor --only {subject}",
    "docs/runbooks/doctor-could-not-look.md",
)


def partitions(numbers: Collection[int]) -> str:
    """Return `partition 3`, or `partitions 0, 1, 2` and how many more."""
    return ("partition " if len(numbers) == 1 else "partitions ") + some(numbers)


def some(items: Collection[object]) -> str:
    """Return the first of some items, and how many more there are."""
    ordered = sorted(items, key=lambda item: (isinstance(item, str), item))
    shown = ", ".join(map(str, ordered[:SHOWN]))
    return shown + (f" and {len(ordered) - SHOWN} more" if len(ordered) > SHOWN else "")


def by_topic(places: Collection[Place]) -> dict[str, list[int]]:
    """Return the partitions of each topic."""
    found: dict[str, list[int]] = {}
    for topic, number in sorted(places):
        found.setdefault(topic, []).append(number)
    return found


def lasting(duration: float) -> str:
    """Return a duration in ms in its largest unit, to two digits of it: `36 h`, `9.5 min`."""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if abs(duration) >= 2 * size:
            return (
                f"{duration / size:.2g} {unit}"
                if abs(duration) < 100 * size
                else f"{duration / size:.0f} {unit}"
            )
    return f"{duration:.0f} ms"
