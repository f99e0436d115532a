"""What every sample payload becomes, and why each of its fields that nothing was made of was left out.

`python -m tests.intake.golden` writes `golden/<format>/*.json` anew from `samples/<format>/*.json`; look at
the diff. The folder's name is the format's (`NAME` of its module); the rules of a format's samples lie in
`golden_rules`.
"""

import json
import pkgutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from qosresolve.errors import PoisonRecordError
from qosresolve.intake import formats, rules_file
from qosresolve.intake.leftovers import examined
from qosresolve.intake.mapping import ForeignFormat
from qosresolve.intake.paths import Json
from qosresolve.intake.reading import Reading
from qosresolve.intake.rules import Rules
from tests.intake.golden_rules import rules_of

HERE = Path(__file__).parent
SAMPLES = HERE / "samples"
GOLDEN = HERE / "golden"


class UnexplainedError(AssertionError):
    """A field of a sample is neither used nor left out for a reason."""


@dataclass(frozen=True)
class Reader:
    """What reads a format, and its reasons for what it leaves out."""

    read: Callable[[Json, Rules], Reading]
    left_out: Mapping[str, str]


@cache
def readers() -> Mapping[str, Reader]:
    """Return what reads a format, by its name: modules, and the shipped mappings."""
    found = (
        import_module(f"{formats.__name__}.{item.name}") for item in pkgutil.iter_modules(formats.__path__)
    )
    modules = {one.NAME: Reader(one.read, one.LEFT_OUT) for one in found if hasattr(one, "NAME")}
    mappings = (one for one in rules_file.shipped().mappings if isinstance(one, ForeignFormat))
    return modules | {one.name: Reader(one.read, one.left_out) for one in mappings}


def samples() -> list[Path]:
    """Return all samples."""
    return sorted(SAMPLES.glob("*/*.json"))


def golden_of(sample: Path) -> Path:
    """Return where a sample's golden file lies."""
    return GOLDEN / sample.parent.name / sample.name


def golden(sample: Path) -> dict[str, Any]:
    """Return what a sample becomes. Raises UnexplainedError naming the fields without a reason."""
    reader, rules = readers()[sample.parent.name], rules_of(sample.parent.name)
    payload = msgspec.json.decode(sample.read_bytes())
    try:
        found = examined(payload, lambda given: reader.read(given, rules), lambda _: reader.left_out)
    except PoisonRecordError as error:
        return {"error": str(error), "stage": error.stage, "remedy": error.remedy}
    unexplained = [path for path, reason in found.left_out.items() if not reason]
    if unexplained:
        raise UnexplainedError(f"{sample.name}: neither used nor in LEFT_OUT: {', '.join(unexplained)}")
    return {**shown(found.reading), "left_out": dict(found.left_out)}


def shown(value: Json) -> Json:
    """Return a value as JSON, without what it has by default."""
    if is_dataclass(value):
        return {
            field.name: shown(item)
            for field in fields(value)
            if (item := getattr(value, field.name)) != field.default or field.default is MISSING
        }
    if isinstance(value, tuple):
        return [shown(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


def text_of(value: dict[str, Any]) -> str:
    """Return the text of a golden file."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all golden files; remove those whose sample is gone. Fields without a reason: status 1."""
    kept, unexplained = dict[Path, str](), list[str]()
    for sample in samples():
        try:
            kept[golden_of(sample)] = text_of(golden(sample))
        except UnexplainedError as error:
            unexplained.append(str(error))
    if unexplained:
        sys.exit("\n".join(unexplained))
    for old in set(GOLDEN.glob("*/*.json")) - set(kept):
        old.unlink()
    for path, text in kept.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    sys.stdout.write(f"{len(kept)} golden files\n")


if __name__ == "__main__":
    main()
