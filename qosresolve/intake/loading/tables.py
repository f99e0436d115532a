"""CSV: a header, then a relation a row. Commas, semicolons, tabs or bars; the header tells which."""

import csv
import io
from collections.abc import Iterable, Iterator

from qosresolve.intake.inventory import Relation
from qosresolve.intake.loading.columns import FIELDS, headings, relation
from qosresolve.intake.loading.problems import At, Problem

Read = tuple[Relation | None, list[Problem], At]


def read(text: str, file: str) -> Iterator[Read]:
    """Yield what each row says, or what is wrong with it. A wrong header is told alone."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    names: list[str] = []
    try:
        for cells in rows:
            at = At(file, rows.line_num)
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            if names:
                yield _row(names, values, at)
                continue
            names, problems = headings(values, at)
            if problems:
                yield None, problems, at
                return
    except csv.Error as error:
        at = At(file, rows.line_num)
        yield None, [Problem(at, "", f"not CSV: {error}", "mend the quotes of that row")], at
        return
    if not names:
        at = At(file)
        yield None, [Problem(at, "", "no header", f"begin with a line {','.join(FIELDS)}")], at


def _row(names: list[str], values: list[str], at: At) -> Read:
    if len(values) != len(names):
        problem = f"{len(values)} cells under {len(names)} columns"
        return None, [Problem(at, "", problem, "quote cells that hold the separator")], at
    return *relation(dict(zip(names, values, strict=True)), at), at


def _delimiter(text: str) -> str:
    header = text.lstrip().partition("\n")[0]
    return max(",;\t|", key=header.count)


def write(relations: Iterable[Relation]) -> Iterator[str]:
    """Yield the lines of a CSV file, each with its end."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for each in relations:
        writer.writerow([str(getattr(each, name)) for name in FIELDS])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()
