"""Where two cases differ: what the journal folds to, against what lies on the topics. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal

from qosresolve.core.case import Case
from qosresolve.core.report import Report
from qosresolve.core.watch import Watch

Kind = Literal["missing", "extra", "differs", "unreadable"]
Record = Report | Watch
Name = tuple[str, str]  # product, report; an empty report is the watch


@dataclass(frozen=True, slots=True)
class Touch:
    """A journal entry that changed something: where it and its input lie, when, and its kinds of facts."""

    offset: int
    topic: str
    partition: int
    cause_offset: int
    event_id: str
    at: int
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field that differs, such as `restore.thresholds[1].reached`; values are texts for people.

    `touched` is the journal's last entry that changed it, where somebody looked for that.
    """

    path: str
    journal: str
    topic: str
    touched: Touch | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One record that is not as the journal says; an empty `report_id` means the product's watch.

    `missing`: the journal has it, the topic has not; `extra`: the reverse; `differs`: `path` is the first
    field that does; `unreadable`: `topic` says why. Where somebody looked for it, `fields` has all of them,
    and `since` the first entry that the topic does not know: up to there both say the same.
    """

    product_id: str
    report_id: str
    kind: Kind
    path: str = ""
    journal: str = ""
    topic: str = ""
    fields: tuple[Field, ...] = ()
    since: Touch | None = None


def compare(folded: Case, stored: Case) -> list[Mismatch]:
    """Return every report, and the watch, that is not equal by value; reports are matched by id."""
    left, right = records_of(folded), records_of(stored)
    names = sorted(left.keys() | right.keys())
    found = (mismatch(folded.product_id, name, left.get(name), right.get(name)) for name in names)
    return [item for item in found if item is not None]


def records_of(case: Case) -> dict[str, Record]:
    """Return a case's records by report id; the watch's is empty."""
    records: dict[str, Record] = {report.report_id: report for report in case.reports}
    return records | ({"": case.watch} if case.watch is not None else {})


def mismatch(product: str, name: str, folded: Record | None, stored: Record | None) -> Mismatch | None:
    """Return how one record differs, None where it does not."""
    if folded == stored:
        return None
    if stored is None:
        return Mismatch(product, name, "missing", journal=_revision(folded))
    if folded is None:
        return Mismatch(product, name, "extra", topic=_revision(stored))
    first = next(_differences(folded, stored, ""))
    return Mismatch(product, name, "differs", first.path, first.journal, first.topic)


def differing(folded: object, stored: object) -> tuple[Field, ...]:
    """Return every field in which two records differ, in order."""
    return tuple(_differences(folded, stored, ""))


def first_difference(left: object, right: object) -> Field | None:
    """Return the first leaf in which two values differ, None where none does."""
    return next(_differences(left, right, ""), None)


def _revision(record: Record | None) -> str:
    return f"revision {record.revision}" if record is not None else ""


def _differences(left: object, right: object, path: str) -> Iterator[Field]:
    """Yield every leaf that differs, in the order of the fields."""
    if left == right:
        return
    if is_dataclass(left) and type(left) is not type(right) and path.startswith("facts["):
        yield Field(path, type(left).__name__, type(right).__name__)
    elif is_dataclass(left) and type(left) is type(right):
        for field in fields(left):
            deeper = f"{path}.{field.name}" if path else field.name
            yield from _differences(getattr(left, field.name), getattr(right, field.name), deeper)
    elif isinstance(left, tuple) and isinstance(right, tuple):
        yield from _in_rows(left, right, path)
    else:
        yield Field(path, _told(left), _told(right))


def _in_rows(left: tuple[object, ...], right: tuple[object, ...], path: str) -> Iterator[Field]:
    for at, (one, other) in enumerate(zip(left, right, strict=False)):
        yield from _differences(one, other, f"{path}[{at}]")
    if len(left) != len(right):
        yield Field(path, f"{len(left)} rows", f"{len(right)} rows")


def _told(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else repr(value) if value == "" else str(value)
