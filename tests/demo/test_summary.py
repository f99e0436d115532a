"""The summary is counted from records, and names what was promised and not seen."""

from qosresolve.core import facts as f
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import ClockName, ClockOutcome, ObligationState, Outcome, Status
from qosresolve.demo import promises
from qosresolve.demo.counts import Counts, count
from qosresolve.demo.drain import Drain
from qosresolve.demo.summary import Summary, told
from qosresolve.replay.audit import Verification
from qosresolve.replay.differences import Mismatch
from qosresolve.settings import Settings
from tests.demo.builders import NOW, entry, status

JOURNAL = [
    entry(f.TargetBreached("report-p", ClockName.RESTORE, NOW)),
    entry(f.ReportReopened("report-p", NOW, relapse=True, deducted=1_000), status(Status.IN_PROGRESS)),
    entry(f.ReportReopened("report-p", NOW, relapse=False, deducted=0)),
    entry(
        f.ClockStopped("report-p", ClockName.RESTORE, NOW, ClockOutcome.MISSED),
        f.ClockStopped("report-p", ClockName.RESPOND, NOW, ClockOutcome.MET),
        status(Status.CLEARED),
    ),
    entry(f.ObligationEnded("report-p", "o-1", ObligationState.GAVE_UP, NOW, "no answer")),
    entry(rule=Rule.ALREADY_SEEN, outcome=Outcome.NO_OP),
    entry(rule=Rule.ALREADY_SEEN, outcome=Outcome.NO_OP),
]


def test_the_journal_is_counted() -> None:
    """Relapses without refused resolutions, the restore clock alone, every input by its outcome."""
    seen = count(JOURNAL, [], dead_letters=1)
    assert (seen.entries, seen.relapses, seen.dead_letters) == (7, 1, 1)
    assert seen.breaches == {ClockName.RESTORE: 1}
    assert seen.stopped == {ClockOutcome.MISSED: 1}
    assert seen.statuses[Status.CLEARED] == 1
    assert seen.rules[Rule.ALREADY_SEEN] == 2
    assert seen.outcomes == {Outcome.APPLIED: 5, Outcome.NO_OP: 2}


def test_only_a_supplier_that_was_engaged_counts_as_given_up() -> None:
    """Our own desks give up too."""
    seen = count(JOURNAL, [], dead_letters=0)
    assert seen.engagements_given_up == 0
    seen.engagements.add("o-1")
    assert seen.engagements_given_up == 1


def test_what_is_missing_is_named() -> None:
    """Of an empty journal everything is missing."""
    assert len(promises.missing(Counts())) == promises.COUNT
    missing = promises.missing(count(JOURNAL, [], dead_letters=1))
    assert "a relapse" not in missing
    assert "an unreadable record is a dead letter" not in missing
    assert "a false event is cancelled" in missing


def test_a_difference_or_a_missing_phenomenon_fails_the_run() -> None:
    """Either is enough, and either is told."""
    differs = Verification(mismatches=(Mismatch("p", "r", "differs", "status", "cleared", "closed"),))
    assert Summary(Counts(), Verification(), (), promised=False).exit_status == 0
    assert Summary(Counts(), Verification(), ("a relapse",), promised=True).exit_status == 1
    failed = Summary(Counts(), differs, (), promised=True)
    assert failed.exit_status == 1
    assert any("p/r differs status: journal cleared, topic closed" in line for line in told(failed))


def test_drained_means_a_journal_record_for_every_input() -> None:
    """The same input twice is one; the first activation of a policy lies nowhere."""
    drain = Drain(Settings.model_construct())
    for offset in (-1, 0, 1, 1):
        drain.entry(entry(offset=offset))
    assert drain.left({("qos.degradation.v1", 0): {0, 1}}) == 0
    assert drain.left({("qos.degradation.v1", 0): {0, 1, 3}, ("qos.command.v1", 0): {0}}) == 2
