"""What has to hold of a policy's holds: each stops a clock, and each comes to an end.

A reason is one of three: `maintenance`, which ends with its window; the name of a party that is waited for,
which ends when the party answers or is given up; anything else is a code that a person gives with a command,
and another command ends it. A party that is given up only after more than a year is an error, a party that
may keep a clock standing by answering again and again a warning.
"""

from collections.abc import Callable, Iterator
from difflib import get_close_matches

from qosresolve.contracts.policy.findings import Check, Flaw
from qosresolve.contracts.policy.model import DefaultPartyModel, PolicyModel, TermsModel
from qosresolve.contracts.policy.words import format_duration
from qosresolve.core.processes.change_status import SUPPLIER
from qosresolve.core.processes.coordinate import SERVICE_ASSURANCE
from qosresolve.core.processes.engage_suppliers import UNKNOWN_PARTY
from qosresolve.core.report import MAINTENANCE
from qosresolve.core.vocabulary import NodeKind

_YEAR = 365 * 86_400_000
_ALIKE = 0.85  # how much two reasons have to look alike for one to be taken for a slip of the other


def _stops_nothing(policy: PolicyModel) -> Iterator[Flaw]:
    for name, hold in policy.holds.items():
        if not hold.clocks:
            remedy = "name one of respond, restore, or take the hold out"
            yield Flaw(Check.HOLD_STOPS_NOTHING, ("holds", name, "clocks"), "stops no clock", remedy)


def _never_ends(policy: PolicyModel) -> Iterator[Flaw]:
    for name, silence in _endless(policy):
        if silence > _YEAR:
            problem = f'never ends: nobody gives "{name}" up before {format_duration(silence)} of silence'
            remedy = "write at_most, e.g. at_most: 8h, or fewer reminders"
            yield Flaw(Check.PAUSE_NEVER_ENDS, ("holds", name), problem, remedy)


def _without_end(policy: PolicyModel) -> Iterator[Flaw]:
    for name, silence in _endless(policy):
        problem = (
            f'lasts as long as "{name}" keeps answering: by itself it ends only after '
            f"{format_duration(silence)} of silence"
        )
        yield Flaw(Check.HOLD_WITHOUT_END, ("holds", name), problem, "write at_most, e.g. at_most: 8h")


def _misspelt(policy: PolicyModel) -> Iterator[Flaw]:
    known = sorted({MAINTENANCE, *_parties(policy)})
    for name in policy.holds:
        near = get_close_matches(name, known, n=1, cutoff=_ALIKE)
        if near and name not in known:
            problem = "is no party of this policy, so it is a code for the command hold"
            yield Flaw(Check.UNMATCHED_HOLD, ("holds", name), problem, f'did you mean "{near[0]}"?')


def _endless(policy: PolicyModel) -> Iterator[tuple[str, int]]:
    """Yield parties whose hold has no longest time, and the silence in ms after which they are given up."""
    for name, silence in _parties(policy).items():
        if name in policy.holds and policy.holds[name].at_most is None:
            yield name, silence


def _parties(policy: PolicyModel) -> dict[str, int]:
    """Return who may be waited for, and how long it may stay silent, in ms, before it is given up."""
    found = {
        name: _silence(party.terms or policy.terms, len(party.contacts)) for name, party in _named(policy)
    }
    found[SUPPLIER] = max(found.values())
    for node in policy.plan:
        if node.kind is not NodeKind.SUPPLIER:
            name = SERVICE_ASSURANCE if node.kind is NodeKind.SERVICE_TROUBLE else node.with_party
            silence = _silence(node.terms or policy.terms, 1 + len(node.fallback))
            found[name] = max(silence, found.get(name, 0))
    found.pop("", None)  # our own people
    return found


def _named(policy: PolicyModel) -> Iterator[tuple[str, DefaultPartyModel]]:
    yield UNKNOWN_PARTY, policy.default_party
    yield from policy.parties.items()


def _silence(terms: TermsModel, contacts: int) -> int:
    first = terms.accept_within + terms.remind_every * terms.reminders
    return first + (contacts - 1) * terms.remind_every * (terms.reminders + 1)


CHECKS: tuple[Callable[[PolicyModel], Iterator[Flaw]], ...] = (_stops_nothing, _never_ends)
WARNINGS: tuple[Callable[[PolicyModel], Iterator[Flaw]], ...] = (_without_end, _misspelt)
