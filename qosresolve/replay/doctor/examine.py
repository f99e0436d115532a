"""The checks, in order, and how they are made: one after the other, each within its time.

A check that cannot be made is a finding of its own. A client's call cannot be broken off, so each check has a
thread that nobody waits for once it is late; it only reads.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaException

from qosresolve.errors import ConfigError, QosResolveError
from qosresolve.replay.doctor import (
    brokers,
    clock,
    group,
    inputs,
    letters,
    policies,
    rights,
    schemas,
    topics,
    transactions,
)
from qosresolve.replay.doctor.findings import NOT_LOOKED, WELL, Finding, Kind
from qosresolve.replay.doctor.site import Site

Tell = Callable[[str, int, int], None]  # the check that begins, how many are done, of how many


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at; its question is the docstring of what looks."""

    name: str
    look: Callable[[Site], Iterator[Finding]]
    kinds: tuple[Kind, ...]

    @property
    def question(self) -> str:
        """Return what it asks."""
        return (self.look.__doc__ or "").strip()


CHECKS = (
    Check("brokers", brokers.reachable, (brokers.FEW,)),
    Check("topics", topics.table, topics.KINDS),
    Check("retention", topics.retention, (topics.SHORT, topics.BY_SIZE)),
    Check("tombstones", topics.tombstones, (topics.TOMBSTONES,)),
    Check("sizes", topics.sizes, (topics.SMALL,)),
    Check("replication", brokers.replication, tuple(brokers.KINDS)),
    Check("durability", brokers.durability, (brokers.LOW, brokers.HIGH, brokers.UNCLEAN)),
    Check(
        "timeouts",
        transactions.timeouts,
        (
            transactions.REFUSED,
            transactions.SESSION,
            transactions.OUTLIVES,
            transactions.STALLS,
            transactions.UNSEEN,
        ),
    ),
    Check("transactions", transactions.hanging, (transactions.HANGING, transactions.OPEN)),
    Check("groups", group.groups, group.KINDS),
    Check(
        "positions",
        inputs.places,
        (inputs.AGED, inputs.TRUNCATED, inputs.LOST, inputs.NO_OFFSETS, inputs.REWOUND),
    ),
    Check("lag", inputs.lag, (inputs.LAG, inputs.OLD, inputs.AGING)),
    Check("policies", policies.active, (policies.UNKNOWN, policies.BROKEN, policies.MIXED)),
    Check("clock", clock.clock, (clock.SKEWED, clock.UNTOLD)),
    Check("deadlines", clock.deadlines, (clock.OVERDUE, clock.MALFORMED)),
    Check(
        "schemas",
        schemas.compatible,
        (
            schemas.UNFROZEN,
            schemas.UNREADABLE,
            schemas.AWAY,
            schemas.REFUSED,
            schemas.LEVEL,
            schemas.UNREGISTERED,
        ),
    ),
    Check("rights", rights.rights, (rights.OWN, rights.MISSING, rights.OTHERS)),
    Check("dead-letters", letters.dead, (letters.DEAD,)),
    Check("parked", letters.parked, (letters.PARKED,)),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One finding and the check that it is of."""

    check: Check
    finding: Finding


def chosen(only: Sequence[str]) -> list[Check]:
    """Return the checks of these names, all of none. Raises ConfigError for a name that is not one."""
    names = [check.name for check in CHECKS]
    for name in only:
        if name not in names:
            raise ConfigError(
                f"there is no check {name!r}", setting="--only", remedy=f"one of {', '.join(names)}"
            )
    return [check for check in CHECKS if not only or check.name in only]


def examine(site: Site, checks: Sequence[Check], limit_s: float, tell: Tell) -> list[Seen]:
    """Make the checks; return what was found, the worst first, a line of each check at least."""
    found: list[Seen] = []
    for done, check in enumerate(checks):
        tell(check.name, done, len(checks))
        findings = _bounded(site, check, limit_s)
        found += [Seen(check, finding) for finding in findings or [WELL.found(check.name, check.question)]]
    return sorted(found, key=lambda seen: (seen.finding.severity.rank, seen.finding.kind is NOT_LOOKED))


def unreachable(checks: Sequence[Check], why: str) -> list[Seen]:
    """Return what there is to say when no broker answers: no check could be made."""
    return [Seen(check, NOT_LOOKED.found(check.name, why)) for check in checks]


def _bounded(site: Site, check: Check, limit_s: float) -> list[Finding]:
    """Make one check. What it has not said when its time is over, nobody hears."""
    found: list[list[Finding]] = []
    thread = threading.Thread(target=lambda: found.append(_made(site, check)), name=check.name, daemon=True)
    thread.start()
    thread.join(limit_s)
    if not found:
        site.given_up.add(thread)
        return [NOT_LOOKED.found(check.name, f"it was not done within {limit_s:.0f} s")]
    return found[0]


def _made(site: Site, check: Check) -> list[Finding]:
    try:
        return list(check.look(site))
    except (QosResolveError, KafkaException, OSError) as error:
        return [NOT_LOOKED.found(check.name, _why(error))]
    except Exception as error:  # noqa: BLE001 - one check that is broken must not hide what the others see
        return [NOT_LOOKED.found(check.name, f"{type(error).__name__}: {error}")]


def _why(error: Exception) -> str:
    if isinstance(error, KafkaException):
        return str(error.args[0].str())
    return str(error).partition("\n  remedy:")[0]
