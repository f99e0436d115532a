"""Why a product has no report, or had none for a while: what its watch remembers and remembered. Pure."""

from collections.abc import Iterator

from qosresolve.core.facts import AbatementKept, DegradationAwaited, DegradationDropped, SuppressionSet
from qosresolve.core.inputs import Degradation
from qosresolve.core.policy import Policy
from qosresolve.core.watch import IN_MAINTENANCE, OPEN_AFTER, EarlyAbatement, Suppression, Waiting, Watch
from qosresolve.replay.explain.history import History
from qosresolve.replay.explain.model import Silence
from qosresolve.replay.explain.words import instant, lasting


def unopened(history: History, policy: Policy, zone: str) -> tuple[Silence, ...]:
    """Return why nothing opens of a product's watch as it stands."""
    watch = history.case.watch
    return tuple(_of(watch, policy, zone)) if watch is not None else ()


def _of(watch: Watch, policy: Policy, zone: str) -> Iterator[Silence]:
    for waiting in watch.waiting:
        yield Silence("open", _waits(waiting, policy, zone), waiting.since, waiting.until)
    for silenced in watch.suppressions:
        yield Silence("open", _silenced(silenced, zone), watch.updated_at, silenced.until)
    for early in watch.abatements:
        yield Silence("open", _early(early, zone), early.at, early.until)


def waited(history: History, policy: Policy, zone: str, until: int | None = None) -> tuple[Silence, ...]:
    """Return every wait and verdict that a product's journal tells, over or not, up to an instant."""
    found = []
    for moment in history.moments:
        fact = moment.fact
        if until is not None and moment.entry.now > until:
            break
        if isinstance(fact, DegradationAwaited):
            item = fact.waiting
            found.append(Silence("open", _waits(item, policy, zone), item.since, item.until, moment.origin))
        elif isinstance(fact, DegradationDropped):
            text = f"{fact.indicator} on {fact.object_id} waits no longer: {fact.reason}"
            found.append(Silence("open", text, moment.entry.now, moment.entry.now, moment.origin))
        elif isinstance(fact, SuppressionSet):
            told = _silenced(fact.suppression, zone)
            found.append(Silence("open", told, moment.entry.now, fact.suppression.until, moment.origin))
        elif isinstance(fact, AbatementKept):
            told = _early(fact.abatement, zone)
            found.append(Silence("open", told, fact.abatement.at, fact.abatement.until, moment.origin))
    return tuple(_newest(found))


def _newest(found: list[Silence]) -> Iterator[Silence]:
    """Leave out what the next sample said again: of a wait that is told with every sample the last stands."""
    for number, item in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        if following is None or (item.text, item.since) != (following.text, following.since):
            yield item


def _waits(item: Waiting, policy: Policy, zone: str) -> str:
    what, until = _named(item.event), instant(item.until, zone)
    if item.why == OPEN_AFTER:
        lasts = lasting(policy.indicator(item.event.indicator).open_after)
        return f"{what}: bad for less than open_after {lasts}, opens {until} if it stays so"
    if item.why == IN_MAINTENANCE:
        return f"{what}: in a maintenance window, looked at again {until}"
    return f"{what}: silenced by a false-event verdict, opens {until} if still bad"


def _named(event: Degradation) -> str:
    return f"{event.indicator} on {event.object_id} {event.severity}"


def _silenced(item: Suppression, zone: str) -> str:
    return (
        f"{item.indicator} on {item.object_id} from {item.source}, up to {item.severity}: silenced as a "
        f"false event of report {item.report_id} until its abatement, at most {instant(item.until, zone)}"
    )


def _early(item: EarlyAbatement, zone: str) -> str:
    return (
        f"{item.indicator} on {item.object_id}: its abatement came before its raise; an older raise opens "
        f"nothing until {instant(item.until, zone)}"
    )
