"""The end of the demonstration: what happened, counted from the topics, and the proof."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qosresolve.contracts.records import Contracts
from qosresolve.core.requests import Request
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import ClockOutcome, Status
from qosresolve.demo import promises
from qosresolve.demo.counts import Counts, count
from qosresolve.kafka.reading import read_all
from qosresolve.replay.reports import journal_of, places
from qosresolve.replay.verify import Verification, verify
from qosresolve.settings import Settings
from qosresolve.topics import DEAD_LETTERS, REQUESTS


@dataclass(frozen=True, slots=True)
class Summary:
    """What the topics say; `missing` names what was promised and not seen."""

    counts: Counts
    proof: Verification
    missing: tuple[str, ...]
    promised: bool

    @property
    def exit_status(self) -> int:
        """Return 0 when the fold equals the topics and everything promised was seen."""
        return 0 if self.proof.equal and not self.missing else 1


def summarise(settings: Settings, contracts: Contracts, *, promised: bool) -> Summary:
    """Read the topics once more, from their start, and count and verify."""
    dead_letters = sum(1 for _ in read_all(settings, places(settings, DEAD_LETTERS)))
    counts = count(journal_of(settings, contracts), _requests(settings, contracts), dead_letters)
    missing = tuple(promises.missing(counts)) if promised else ()
    return Summary(counts, verify(settings, contracts), missing, promised)


def _requests(settings: Settings, contracts: Contracts) -> Iterator[Request]:
    for topic in REQUESTS:
        for message in read_all(settings, places(settings, topic)):
            yield contracts.read_request(topic.record, message.value() or b"")


def told(summary: Summary) -> Iterator[str]:
    """Yield the summary's lines."""
    seen = summary.counts
    yield f"  reports      {_reports(seen)}"
    yield f"  promises     {_promises(seen)}"
    levels = ((f"level {level}", n) for level, n in sorted(seen.levels.items()))
    yield f"  escalations  {_pairs(levels) or 'none'}"
    for kind in ("activity", "trouble", "supplier", "escalation"):
        actions = ((action, n) for (of, action), n in sorted(seen.requests.items()) if of == kind)
        yield f"  {kind:<11}  {_pairs(actions) or 'none'}"
    next_contact = seen.chases["nextContact"]
    yield f"  suppliers    next contact asked {next_contact}, given up {seen.engagements_given_up}"
    yield f"  inputs       {_inputs(seen)}"
    yield from _verdict(summary)


def _reports(seen: Counts) -> str:
    opened = seen.facts["ReportOpened"]
    ended = seen.statuses[Status.CLOSED] + seen.statuses[Status.CANCELLED]
    return (
        f"opened {opened}, relapsed {seen.relapses}, cleared {seen.statuses[Status.CLEARED]}, "
        f"closed {seen.statuses[Status.CLOSED]}, cancelled {seen.statuses[Status.CANCELLED]}, "
        f"not ended {opened - ended}"
    )


def _promises(seen: Counts) -> str:
    breaches = _pairs(sorted(seen.breaches.items())) or "none"
    kept, late = seen.stopped[ClockOutcome.MET], seen.stopped[ClockOutcome.MISSED]
    return f"restored in time {kept}, too late {late}; breaches: {breaches}"


def _inputs(seen: Counts) -> str:
    return (
        f"{seen.entries} journal entries: {_pairs(sorted(seen.outcomes.items()))}; "
        f"duplicates dropped {seen.rules[Rule.ALREADY_SEEN]}, dead letters {seen.dead_letters}"
    )


def _pairs(items: Iterable[tuple[object, int]]) -> str:
    return ", ".join(f"{name} {number}" for name, number in items)


def _verdict(summary: Summary) -> Iterator[str]:
    proof = summary.proof
    yield (
        f"  proof        the fold of {proof.entries} journal entries equals the topics for {proof.reports} "
        f"reports and {proof.watches} watches; {len(proof.mismatches)} differ, "
        f"{summary.counts.facts['ReportForgotten']} were forgotten in due time"
    )
    for item in proof.mismatches:
        yield (
            f"    {item.product_id}/{item.report_id or 'watch'} {item.kind} {item.path}: "
            f"journal {item.journal}, topic {item.topic}"
        )
    if summary.promised:
        seen = promises.COUNT - len(summary.missing)
        yield f"  seen         {seen} of {promises.COUNT} promised phenomena"
    for name in summary.missing:
        yield f"    MISSING: {name}"
