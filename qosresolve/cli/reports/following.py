"""Decisions as they are made, a line each."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from qosresolve.cli.output import line, safe
from qosresolve.cli.reports.filter import ALL, Filter
from qosresolve.cli.reports.view import as_plain
from qosresolve.cli.reports.words import tell
from qosresolve.cli.times import shown
from qosresolve.core import facts as f
from qosresolve.core.facts import Entry
from qosresolve.core.vocabulary import Outcome
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.cards import Cards
from qosresolve.replay.reports import stored_reports
from qosresolve.replay.tail import Tail, Told
from qosresolve.settings import Settings

PHRASES = 5  # of one decision; --json has all
_ID = 8  # characters of a report's id, enough to order something
_NOISE = (f.AlarmSettled, f.ObligationPlanned, f.ObligationScheduled, f.ObligationUpdated)
_PLAIN = (Outcome.NO_OP, Outcome.ANNOTATION, Outcome.FORWARDED)


def follow(settings: Settings, chosen: Filter, *, since: int | None, everything: bool, as_json: bool) -> None:
    """Tell decisions until somebody interrupts, or nobody reads any more."""
    contracts = contracts_for(settings)
    tail = Tail(settings, contracts, chosen.products, since)
    try:
        watched = Watched(chosen)
        if watched.by_report:  # read after the tail began: no change lies between
            watched.cards = Cards(stored_reports(settings, contracts))
        out = _json if as_json else _line
        while True:
            _tell(tail.turn(), watched, out, everything=everything)
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:  # `| head` has seen enough; Python would complain of it once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        tail.close()


def _tell(come: Iterable[Told], watched: "Watched", out: Callable[[Told], None], *, everything: bool) -> None:
    for item in come:
        if watched.wants(item.entry) and (everything or worth_a_line(item.entry)):
            out(item)
    sys.stdout.flush()


class Watched:
    """Which decisions are wanted: about products by their names, about reports by what they are.

    What a report is changes with what is decided: a decision is wanted if it was, or is by then.
    """

    def __init__(self, chosen: Filter, cards: Cards | None = None) -> None:
        self._chosen = chosen
        self.cards = cards or Cards()

    @property
    def by_report(self) -> bool:
        """Tell whether more has to be known than the product."""
        return self._chosen != Filter(products=self._chosen.products)

    def wants(self, entry: Entry) -> bool:
        """Tell whether an entry is wanted, and take what it changes."""
        if self._chosen == ALL:
            return True
        if not self.by_report:
            return entry.product_id in self._chosen.products
        before = self._any(entry)
        self.cards.take(entry)
        return before or self._any(entry)

    def _any(self, entry: Entry) -> bool:
        return any(map(self._chosen.wants, self.cards.about(entry)))


def worth_a_line(entry: Entry) -> bool:
    """Tell whether somebody wants to see an entry: no repetitions, no alarms that found nothing due."""
    return bool(_told(entry)) or entry.outcome not in (*_PLAIN, Outcome.APPLIED)


def summary(entry: Entry) -> str:
    """Return a decision in words."""
    phrases = _told(entry) or [tell(fact) for fact in entry.facts]
    more = [f"and {len(phrases) - PHRASES} more"] if len(phrases) > PHRASES else []
    said = "; ".join([*phrases[:PHRASES], *more])
    if entry.outcome is Outcome.APPLIED:
        return said or "nothing changes"
    meaning = f", {entry.rule.meaning}" if entry.rule else ""
    return f"{entry.outcome} {entry.rule}".rstrip() + meaning + (f": {said}" if said else "")


def _told(entry: Entry) -> list[str]:
    return [tell(fact) for fact in entry.facts if not _quiet(fact)]


def _quiet(fact: f.Fact) -> bool:
    """Bookkeeping, and a clock that has no target, are nobody's news."""
    return isinstance(fact, _NOISE) or (isinstance(fact, f.TargetSet) and fact.due_at is None)


def _line(item: Told) -> None:
    entry = item.entry
    ids = dict.fromkeys(getattr(fact, "report_id", "") for fact in entry.facts)
    reports = ",".join(name[:_ID] for name in ids if name) or "-"
    at = shown(entry.now)[:19] + "Z"
    line(f"{at}  {entry.product_id or f'partition {item.partition}'}  {reports}  {_one_line(summary(entry))}")


def _one_line(text: str) -> str:
    return " ".join(safe(text).split())


def _json(item: Told) -> None:
    told: dict[str, Any] = {"partition": item.partition, "offset": item.offset, **as_plain(item.entry)}
    sys.stdout.write(json.dumps(told | {"summary": summary(item.entry)}, ensure_ascii=False) + "\n")
