"""What was recorded and what is decided now, compared input by input. Pure but for the findings it hands out.

Bytes are compared first: equal ones say the same. Where they differ by the schema they were written with, or
by the text of a fault, the entries are compared by value.
"""

from collections.abc import Callable
from dataclasses import replace

from qosresolve.core.case import Case
from qosresolve.core.facts import DeadLettered, Entry, Fact, ReportOpened
from qosresolve.core.record import changed
from qosresolve.replay.differences import Field, first_difference
from qosresolve.replay.rerun.counts import Counts
from qosresolve.replay.rerun.differences import EntryDifference, Line, Unprovable
from qosresolve.replay.rerun.question import Question
from qosresolve.replay.rerun.stepping import Taken
from qosresolve.replay.rerun.tracks import Side, Tracks

Finding = Line | EntryDifference | Unprovable


class Judge:
    """Compares the two accounts of one partition; `found` gets each difference once.

    `shortened` says that the journal's beginning is past its retention.
    """

    def __init__(
        self,
        question: Question,
        held: Callable[[str], Case],
        found: Callable[[Finding], None],
        *,
        shortened: bool,
    ) -> None:
        self.counts = Counts(partitions=1)
        self.unprovable: set[str] = set()
        self.question = question
        self._held = held
        self._found = found
        self._shortened = shortened
        self._tracks = Tracks(question.tolerance, held, whole=question.whole)
        self._opened: set[str] = set()  # products of a shortened journal whose report was opened within it
        self._differing: set[str] = set()

    def known(self, entry: Entry) -> None:
        """Take in an entry from before the range."""
        if self._shortened and any(isinstance(fact, ReportOpened) for fact in entry.facts):
            self._opened.add(entry.product_id)

    def same(self, entry: Entry) -> None:
        """Both accounts say this."""
        self.counts.same += 1
        if entry.facts:
            self.known(entry)
            self._tracks.take(Side.BOTH, entry)
            self._tell()

    def compare(self, recorded: Entry, taken: Taken, journal: int) -> None:
        """Take what both accounts say of one input, whose bytes differ."""
        replayed = taken.entry
        if alike(recorded) == alike(replayed):
            self.same(replayed)
            return
        if self._vanished(recorded, taken):
            self.give_up(recorded, "its beginning is past the journal's retention")
            return
        field = _first(alike(recorded), alike(replayed))
        where = f"{recorded.cause.topic}/{recorded.cause.partition}/{recorded.cause.offset}"
        first = recorded.product_id not in self._differing
        self._differing.add(recorded.product_id)
        difference = EntryDifference(
            recorded.product_id,
            where,
            journal,
            recorded.now,
            field.path,
            field.journal,
            field.topic,
            first=first,
        )
        if self._wanted_entry(recorded, replayed):
            self.counts.entries += 1
            self._found(difference)
        self.replayed(replayed)
        self.recorded(recorded)

    def recorded(self, entry: Entry) -> None:
        """Take an entry of the recorded account alone."""
        self.known(entry)
        self._tracks.take(Side.RECORDED, entry)
        self._tell()

    def replayed(self, entry: Entry) -> None:
        """Take an entry of the replayed account alone."""
        self._tracks.take(Side.REPLAYED, entry)

    def _vanished(self, recorded: Entry, taken: Taken) -> bool:
        """Tell whether a product is older than the journal, so that nobody knows how it stood."""
        product = recorded.product_id
        if not self._shortened or product in self._differing:
            return False
        self.known(recorded)
        before = taken.before.get(product) or self._held(product)
        opened = {fact.report_id for fact in recorded.facts if isinstance(fact, ReportOpened)}
        named = {report_id for fact in recorded.facts if (report_id := _report_of(fact))}
        unknown = [name for name in named - opened if before.report(name) is None]
        return bool(unknown) or product not in self._opened

    def give_up(self, entry: Entry, why: str) -> None:
        """Say that a product cannot be judged from an entry on."""
        where = f"{entry.cause.topic}/{entry.cause.partition}/{entry.cause.offset}"
        self.lose(entry.product_id, where, entry.now, why)

    def lose(self, product: str, where: str, at: int, why: str) -> None:
        """Say that a product cannot be judged from an instant on."""
        self.unprovable.add(product)
        self.counts.unprovable += 1
        self._tracks.leave(product)
        self._found(Unprovable(product, where, at, why))
        self._tell()

    def finish(self) -> None:
        """End the range."""
        for line in self._tracks.finish():
            self._line(line)

    def _tell(self) -> None:
        for line in self._tracks.done():
            self._line(line)

    def _line(self, line: Line) -> None:
        if self._wanted(line):
            self.counts.reports += 1
            self.counts.decisions.update((str(p.either.kind), str(p.verdict)) for p in line.differing)
            self._found(line)

    def _wanted(self, line: Line) -> bool:
        asked, about = self.question, line.about
        return (
            asked.report in ("", about.report_id, about.replayed_id)
            and asked.customer in ("", about.customer_id)
            and asked.tier in ("", about.tier)
        )

    def _wanted_entry(self, recorded: Entry, replayed: Entry) -> bool:
        """Tell whether an entry is about a report that is wanted, or about a product that has one."""
        asked = self.question
        if not asked.narrow:
            return True
        facts = (*recorded.facts, *replayed.facts)
        if asked.report and all(_report_of(fact) != asked.report for fact in facts):
            return False
        owners: list[object] = [*self._held(recorded.product_id).reports, *facts]
        return all(
            wanted == "" or any(getattr(owner, name, None) == wanted for owner in owners)
            for name, wanted in (("customer_id", asked.customer), ("tier", asked.tier))
        )


def alike(entry: Entry) -> Entry:
    """Return an entry without what may differ and means the same: the text of a fault names lines of code."""
    if not any(isinstance(fact, DeadLettered) for fact in entry.facts):
        return entry
    facts = tuple(
        replace(fact, error="", remedy="") if isinstance(fact, DeadLettered) else fact for fact in entry.facts
    )
    return changed(entry, facts=facts)


def _first(recorded: Entry, replayed: Entry) -> Field:
    """Return the first difference; that a dead letter has no event id is told by its outcome."""
    told = first_difference(changed(recorded, cause=replayed.cause), replayed)
    return told or first_difference(recorded, replayed) or Field("", "", "")


def _report_of(fact: Fact) -> str:
    return getattr(fact, "report_id", "")
