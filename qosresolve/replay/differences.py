"""Where two cases differ: what the journal folds to, against what lies on the topics. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal

from qosresolve.core.case import Case
from qosresolve.core.report import Report
from qosresolve.core.watch import Watch

Kind = Literal["missing", "extra", "differs"]
Record = Report | Watch


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One record that is not as the journal says; an empty `report_id` means the product's watch.

    `missing`: the journal has it, the topic has not; `extra`: the reverse; `differs`: `path` is the first
    field that does, such as `restore.thresholds[1].reached`. Values are texts for people.
    """

    product_id: str
    report_id: str
    kind: Kind
    path: str = ""
    journal: str = ""
    topic: str = ""


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
    path, journal, topic = next(_differences(folded, stored, ""))
    return Mismatch(product, name, "differs", path, journal, topic)


def _revision(record: Record | None) -> str:
    return f"revision {record.revision}" if record is not None else ""


def _differences(left: object, right: object, path: str) -> Iterator[tuple[str, str, str]]:
    """Yield (path, left, right) of every leaf that differs, in the order of the fields."""
    if left == right:
        return
    if is_dataclass(left) and type(left) is type(right):
        for field in fields(left):
            deeper = f"{path}.{field.name}" if path else field.name
            yield from _differences(getattr(left, field.name), getattr(right, field.name), deeper)
    elif isinstance(left, tuple) and isinstance(right, tuple):
        yield from _in_rows(left, right, path)
    else:
        yield path, _told(left), _told(right)


def _in_rows(
    left: tuple[object, ...], right: tuple[object, ...], path: str
) -> Iterator[tuple[str, str, str]]:
    for at, (one, other) in enumerate(zip(left, right, strict=False)):
        yield from _differences(one, other, f"{path}[{at}]")
    if len(left) != len(right):
        yield path, f"{len(left)} rows", f"{len(right)} rows"


def _told(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else repr(value) if value == "" else str(value)
