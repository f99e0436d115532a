"""From files to the relations that they say, or one refusal with all that is wrong."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from qosresolve.cli.output import dump, line
from qosresolve.errors import ConfigError
from qosresolve.intake.loading.files import Format, Loaded, Source, load
from qosresolve.intake.loading.problems import Problem

REFUSED = 2
SHOWN = 50  # problems that people see


def wanted(files: Sequence[Path], form: str, *, names: bool, as_json: bool) -> Loaded:
    """Return what files say together. Ends with status 2, telling all problems, where there are any."""
    with _uncollected():
        loaded = load([Source(str(file), _text(file), Format(form)) for file in files], names=names)
    if loaded.problems:
        _tell(loaded.problems, as_json=as_json)
        raise typer.Exit(REFUSED)
    return loaded


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the garbage collector rest: it would look at a million relations time and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        remedy = "name a file that can be read"
        raise ConfigError(str(error.strerror), setting=str(file), remedy=remedy) from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        at = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"line {at} is not UTF-8", setting=str(file), remedy="convert it, e.g. with iconv -t utf-8"
        ) from None


def _tell(problems: Sequence[Problem], *, as_json: bool) -> None:
    if as_json:
        told = [
            {"file": one.at.file, "line": one.at.line, "what": one.at.what, "field": one.field}
            | {"problem": one.problem, "remedy": one.remedy}
            for one in problems
        ]
        dump({"ok": False, "problems": told})
        return
    for problem in problems[:SHOWN]:
        line(str(problem))
    if len(problems) > SHOWN:
        line(f"... and {len(problems) - SHOWN} more; --json tells all")
    line(f"refused: {len(problems)} problem{'s' * (len(problems) != 1)}, nothing was written")
