"""What is behind a difference. Pure.

The journal is folded once more, step by step: which entry changed each field that differs, and which is the
first that the topic does not know.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from qosresolve.core.case import Case
from qosresolve.core.facts import Entry
from qosresolve.core.fold import fold
from qosresolve.replay.audit import Disputed
from qosresolve.replay.differences import Field, Mismatch, Name, Record, Touch, differing, records_of


@dataclass(slots=True)
class _Trace:
    """One record that differs, on its way through the journal."""

    disputed: Disputed
    fields: tuple[Field, ...]
    touched: dict[str, Touch] = field(default_factory=dict)
    last: Touch | None = None
    since: Touch | None = None

    def step(self, before: Record | None, after: Record | None, touch: Touch) -> None:
        if before == after:
            return
        self.last = touch
        if before is not None and before == self.disputed.stored:
            self.since = touch
        changed = [item.path for item in differing(before, after)]
        for item in self.fields:
            if any(_related(item.path, path) for path in changed):
                self.touched[item.path] = touch

    def result(self) -> Mismatch:
        fields = tuple(replace(item, touched=self.touched.get(item.path)) for item in self.fields)
        found = self.disputed.mismatch
        return replace(found, fields=fields, since=self.last if found.kind == "missing" else self.since)


class Tracing:
    """The records of one partition that differ; it is given the journal up to where it was folded."""

    def __init__(self, disputed: Iterable[Disputed]) -> None:
        self._traces: dict[Name, _Trace] = {}
        for item in disputed:
            both = item.folded is not None and item.stored is not None
            fields = differing(item.folded, item.stored) if both else ()
            self._traces[item.mismatch.product_id, item.mismatch.report_id] = _Trace(item, fields)
        self._cases = {product: Case(product) for product, _ in self._traces}

    def wants(self, product: str) -> bool:
        """Tell whether something of a product differs."""
        return product in self._cases

    def take(self, entry: Entry, offset: int) -> None:
        """Fold one entry of such a product."""
        before = self._cases[entry.product_id]
        after = fold(before, entry)
        self._cases[entry.product_id] = after
        old, new = records_of(before), records_of(after)
        for name in old.keys() | new.keys():
            trace = self._traces.get((entry.product_id, name))
            if trace is not None:
                trace.step(old.get(name), new.get(name), touch_of(entry, offset))

    def result(self) -> tuple[Mismatch, ...]:
        """Return the differences, with what is behind each."""
        return tuple(trace.result() for trace in self._traces.values())


def touch_of(entry: Entry, offset: int) -> Touch:
    """Return what is told of an entry that changed something."""
    cause = entry.cause
    kinds = tuple(type(fact).__name__ for fact in entry.facts)
    return Touch(offset, cause.topic, cause.partition, cause.offset, cause.event_id, entry.now, kinds)


def _related(one: str, other: str) -> bool:
    """Tell whether a path is the other, or lies in it: `holds` changes with `holds[0].until`."""
    shorter, longer = sorted((one, other), key=len)
    return shorter in ("", longer) or longer.startswith((f"{shorter}.", f"{shorter}["))
