"""Rows to a file: JSON, CSV or Parquet, a row at a time. A file that is not whole never bears its name."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any

from qosresolve.errors import ConfigError
from qosresolve.replay.choices import Format
from qosresolve.replay.columns import COLUMNS, Kind, Value

Row = dict[str, Value]
GROUP = 10_000  # rows of a Parquet file's group: what lies in memory at once
_INSTANTS = frozenset(column.name for column in COLUMNS if column.kind is Kind.INSTANT)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def format_of(file: str, given: Format | None) -> Format:
    """Return the format that is asked for, else that of the file's name. Raises ConfigError."""
    if given is not None:
        return given
    suffix = Path(file).suffix.removeprefix(".")
    if suffix not in set(Format):
        raise ConfigError(
            f"{file} does not tell its format", setting="--format", remedy="say --format json, csv or parquet"
        )
    return Format(suffix)


def write(rows: Iterable[Row], file: str, kind: Format, *, force: bool = False) -> int:
    """Write rows, `-` to standard output; return how many. Raises ConfigError."""
    if kind is Format.PARQUET:
        return _parquet(rows, file, force=force)
    if file == "-":
        return _TEXT[kind](rows, sys.stdout)
    with _whole(file, force=force) as path, path.open("w", encoding="utf-8", newline="") as out:
        return _TEXT[kind](rows, out)


def check(file: str, kind: Format, *, force: bool) -> None:
    """Raise ConfigError for what could not be written, before anything is read for it."""
    if kind is Format.PARQUET:
        _arrow()
        if file == "-":
            raise ConfigError("Parquet needs a file", setting="FILE", remedy="name one")
    if file != "-" and Path(file).exists() and not force:
        raise ConfigError(f"{file} exists", setting="FILE", remedy="name another, or say --force")
    if file != "-" and not Path(file).absolute().parent.is_dir():
        raise ConfigError(f"there is no directory for {file}", setting="FILE", remedy="make it first")


@contextmanager
def _whole(file: str, *, force: bool) -> Iterator[Path]:
    """Write beside the file, and give it its name at the end."""
    target = Path(file)
    part = target.with_name(f"{target.name}.part")
    try:
        yield part
        if target.exists() and not force:
            raise ConfigError(f"{file} exists by now", setting="FILE", remedy="name another, or say --force")
        part.replace(target)
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written: {error.strerror}", setting="FILE", remedy="name another place"
        ) from None
    finally:
        part.unlink(missing_ok=True)


def _plain(row: Row) -> Row:
    """Return a row with its instants as text."""
    return {name: _iso(value) if name in _INSTANTS else value for name, value in row.items()}


def _iso(value: Value) -> Value:
    """Return an instant to the millisecond, or its ms where no calendar has it."""
    if not isinstance(value, int):
        return value
    try:
        when = _EPOCH + timedelta(milliseconds=value)
    except OverflowError:
        return str(value)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(rows: Iterable[Row], out: IO[str]) -> int:
    """Write one array, a row a line: whole it is JSON, and its lines can be read one by one."""
    count = 0
    out.write("[")
    for row in rows:
        out.write(",\n" if count else "\n")
        out.write(json.dumps(_plain(row), ensure_ascii=False))
        count += 1
    out.write("\n]\n")
    return count


def _csv(rows: Iterable[Row], out: IO[str]) -> int:
    """Write a line of names and one a row; nothing is an empty cell, yes and no are `true` and `false`."""
    count = 0
    writer = csv.DictWriter(out, [column.name for column in COLUMNS], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in _plain(row).items()})
        count += 1
    return count


def _cell(value: Value) -> Value:
    return str(value).lower() if isinstance(value, bool) else value


_TEXT = {Format.JSON: _json, Format.CSV: _csv}


def _arrow() -> Any:  # noqa: ANN401 - it comes without types
    try:
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError:
        raise ConfigError(
            "Parquet needs pyarrow, which is not installed",
            setting="--format",
            remedy="pip install 'qosresolve[parquet]', or say --format csv",
        ) from None
    return pyarrow


def _parquet(rows: Iterable[Row], file: str, *, force: bool) -> int:
    arrow, count = _arrow(), 0
    types = {
        Kind.TEXT: arrow.string(),
        Kind.NUMBER: arrow.int64(),
        Kind.YES_NO: arrow.bool_(),
        Kind.INSTANT: arrow.timestamp("ms", tz="UTC"),
    }
    schema = arrow.schema([(column.name, types[column.kind]) for column in COLUMNS])
    with _whole(file, force=force) as path, arrow.parquet.ParquetWriter(path, schema) as out:
        left = iter(rows)
        while some := list(islice(left, GROUP)):
            out.write_table(arrow.Table.from_pylist(some, schema))
            count += len(some)
    return count
