"""Two accounts of each report laid side by side as they come: what was recorded, what is decided now. Pure.

A decision waits for its counterpart: of one kind and about the same, the first on one side belongs to the
first on the other. What is the same is let go at once, so what is kept grows with the differences and the
reports that are held, not with the inputs. Nothing is said of a report before both its accounts have ended.

A report has the same id on both sides as long as the same record opened it. Where another did (another policy
waits longer, a deadline fired elsewhere) it is known by its product and the instant its trouble began.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from qosresolve.core.case import Case
from qosresolve.core.facts import Entry, ObligationPlanned, ReportForgotten, ReportOpened
from qosresolve.replay.rerun.decisions import DECIDING, Decision, Kind, decisions, work_in, work_name
from qosresolve.replay.rerun.differences import About, Line, Pair, Verdict, verdict_of


class Side(Enum):
    """Whose account an entry belongs to."""

    BOTH = "both"
    RECORDED = "recorded"
    REPLAYED = "replayed"


_OPENED = (Kind.OPENED, "")
_TWO = frozenset({Side.RECORDED, Side.REPLAYED})


@dataclass(slots=True)
class Track:
    """One report on both sides: what waits for its counterpart, and what was found."""

    about: About
    began: int | None = None
    waiting: dict[tuple[str, str], tuple[Side, list[Decision]]] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)
    works: dict[str, str] = field(default_factory=dict)
    over: frozenset[Side] = frozenset()

    @property
    def empty(self) -> bool:
        """True when it says nothing that would be missed."""
        return not (self.waiting or self.pairs or self.about.replayed_id or self.works or self.over)

    def lacks(self, side: Side) -> bool:
        """Tell whether it was opened on the other side alone."""
        waits = self.waiting.get(_OPENED)
        return waits is not None and waits[0] is not side and not self.about.replayed_id

    def let_go(self, since: int) -> None:
        """Forget what was decided in the replay alone, from an instant on."""
        for key, (side, left) in list(self.waiting.items()):
            if side is Side.REPLAYED and key[0] is not Kind.DUE:  # whose instant is the deadline
                left[:] = [decision for decision in left if decision.at < since]
                if not left:
                    del self.waiting[key]

    def line(self) -> Line:
        """Return what was found; what still waits is missing, or new."""
        pairs = list(self.pairs)
        for side, left in self.waiting.values():
            if side is Side.RECORDED:
                pairs += [Pair(decision, None, Verdict.MISSING) for decision in left]
            else:
                pairs += [Pair(None, decision, Verdict.NEW) for decision in left]
        return Line(self.about, tuple(sorted(pairs, key=lambda pair: pair.at)))


class Tracks:
    """The reports of one partition. `whole` keeps what is the same too, for whoever draws it.

    `held` gives a product's case as it is replayed; two instants within `tolerance` ms are the same.
    """

    def __init__(self, tolerance: int, held: Callable[[str], Case], *, whole: bool = False) -> None:
        self._tolerance = tolerance
        self._held = held
        self._whole = whole
        self._of: dict[str, list[Track]] = {}  # by product
        self._ended: list[Track] = []
        self._recorded_to = 0  # the latest instant, in ms

    def take(self, side: Side, entry: Entry) -> None:
        """Take an entry of one account, or of both where they say the same."""
        if side is not Side.REPLAYED:
            self._recorded_to = max(self._recorded_to, entry.now)
        if side is not Side.BOTH or self._whole:
            self._learn(side, entry)
            if not DECIDING.isdisjoint(map(type, entry.facts)):
                product = entry.product_id
                for report_id, decision in decisions(entry, lambda *names: self._work(product, *names)):
                    self._note(side, product, report_id, decision)
        if entry.product_id in self._of:
            for fact in entry.facts:
                if isinstance(fact, ReportForgotten):
                    self._forget(side, entry.product_id, fact.report_id)

    def _learn(self, side: Side, entry: Entry) -> None:
        """Take in what decisions are named by: a report's other id, and the work that was laid out."""
        for fact in entry.facts:
            if isinstance(fact, ReportOpened):
                self._open(side, fact)
            elif isinstance(fact, ObligationPlanned) and side is Side.RECORDED:
                self._lay_out(entry.product_id, fact)

    def _open(self, side: Side, fact: ReportOpened) -> None:
        """Lay a report beside the same trouble of the other account, where that has another id."""
        product, report_id = fact.product_id, fact.report_id
        if self._find(product, report_id) is not None:
            return
        for track in self._of.get(product, ()):
            if track.began == fact.started_at and track.lacks(side):
                track.about = _joined(track.about, report_id, side)
                return
        about = About(product, report_id, "", fact.customer_id, fact.tier)
        self._of.setdefault(product, []).append(Track(about, fact.started_at))

    def _lay_out(self, product: str, fact: ObligationPlanned) -> None:
        """Keep what recorded work is called where the replay does not know it."""
        item = fact.obligation
        if not work_in(self._held(product), fact.report_id, item.obligation_id):
            works = self._track(product, fact.report_id).works
            works[item.obligation_id] = work_name(item.node, item.target, item.attempt)

    def _find(self, product: str, report_id: str) -> Track | None:
        for track in self._of.get(product, ()):
            if report_id in (track.about.report_id, track.about.replayed_id):
                return track
        return None

    def _track(self, product: str, report_id: str) -> Track:
        track = self._find(product, report_id)
        if track is None:
            report = self._held(product).report(report_id)
            who = ("", "") if report is None else (report.customer_id, report.tier)
            track = Track(About(product, report_id, "", *who))
            self._of.setdefault(product, []).append(track)
        return track

    def _work(self, product: str, report_id: str, obligation_id: str) -> str:
        track = self._find(product, report_id)
        known = track.works.get(obligation_id) if track is not None else None
        return known or work_in(self._held(product), report_id, obligation_id) or obligation_id

    def _note(self, side: Side, product: str, report_id: str, decision: Decision) -> None:
        track = self._track(product, report_id)
        waits = track.waiting.get(decision.key)
        if side is Side.BOTH:
            track.pairs.append(Pair(decision, decision, Verdict.SAME))
        elif waits is None:
            track.waiting[decision.key] = side, [decision]
        elif waits[0] is side:
            waits[1].append(decision)
        else:
            other = waits[1].pop(0)
            if not waits[1]:
                del track.waiting[decision.key]
            self._pair(track, *((decision, other) if side is Side.RECORDED else (other, decision)))

    def _pair(self, track: Track, recorded: Decision, replayed: Decision) -> None:
        verdict = verdict_of(recorded, replayed, self._tolerance)
        if self._whole or verdict is not Verdict.SAME:
            track.pairs.append(Pair(recorded, replayed, verdict))
        elif track.empty:
            self._remove(track)

    def _forget(self, side: Side, product: str, report_id: str) -> None:
        """Let go of a report that is over on both sides; what was found of it is told."""
        track = self._find(product, report_id)
        if track is not None:
            track.over |= _TWO if side is Side.BOTH else {side}
            if track.over == _TWO:
                self._remove(track)
                self._ended.append(track)

    def _remove(self, track: Track) -> None:
        product = track.about.product_id
        self._of[product] = [item for item in self._of[product] if item is not track]
        if not self._of[product]:
            del self._of[product]

    def leave(self, product: str) -> None:
        """A product cannot be judged any more: what has no counterpart yet says nothing."""
        for track in self._of.pop(product, ()):
            track.waiting.clear()
            self._ended.append(track)

    def done(self) -> Iterator[Line]:
        """Yield reports that ended since the last time, where anything differs."""
        ended, self._ended = self._ended, []
        for track in ended:
            line = track.line()
            if line.differing:
                yield line

    def finish(self) -> Iterator[Line]:
        """End every account, and yield what differs.

        What the replay decides within the tolerance of the record's end is not new: whoever
        was late had not come yet.
        """
        left = [track for tracks in self._of.values() for track in tracks]
        if self._tolerance:
            for track in left:
                track.let_go(self._recorded_to - self._tolerance)
        self._ended += left
        self._of = {}
        yield from self.done()


def _joined(about: About, report_id: str, side: Side) -> About:
    """Return a report's names once the other account has opened it under another id."""
    if side is Side.REPLAYED:
        return replace(about, replayed_id=report_id)
    return replace(about, report_id=report_id, replayed_id=about.report_id)
