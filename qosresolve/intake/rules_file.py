"""The intake's rules file and mapping files: YAML, checked, into what the formats go by.

Everything wrong is told with file, line and key. Files that a rules file names are looked for beside it. The
shipped mappings are always there; one of the same name in the rules file takes the place of a shipped one.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from qosresolve.contracts.policy.document import Document, read_yaml
from qosresolve.contracts.policy.file import read_text
from qosresolve.contracts.policy.findings import Check, Finding, Loc, PolicyFileError
from qosresolve.contracts.policy.shape import shaped
from qosresolve.errors import ConfigError
from qosresolve.intake import detect
from qosresolve.intake.mapping import ForeignFormat, compiled
from qosresolve.intake.mapping_model import MappingModel
from qosresolve.intake.rules import Loop, Measured, Rules, Threshold
from qosresolve.intake.rules_model import MeasuredModel, RulesModel, ThresholdModel
from qosresolve.intake.tca_policy import tca_policy

_ONLY_IN_A_MAPPING = ("name", "fits")


def load(text: str, source: str) -> Rules:
    """Return the rules of a file's text; `source` is its name, for findings, and where others lie beside it.

    A mapping file is rules too, with that mapping alone. Raises ConfigError: all findings, with line and key.
    """
    document = _read(text, source)
    if isinstance(document.data, dict) and any(key in document.data for key in _ONLY_IN_A_MAPPING):
        return Rules(mappings=_with_shipped((_mapping(document),)))
    model = shaped(document, RulesModel)
    measured = (*map(_measured, model.measurements), *_policies(document, model))
    return Rules(
        indicators=dict(model.indicators),
        units=dict(model.units),
        measurements=measured,
        loops=_loops(model, measured),
        assumed=model.assumed_severity,
        bad_below=frozenset(model.bad_below),
        mappings=_with_shipped(_mappings(document, model)),
    )


@cache
def shipped() -> Rules:
    """Return the rules of an intake that was told nothing: the shipped mappings."""
    found = sorted(files("qosresolve.intake").joinpath("mappings").iterdir(), key=lambda file: file.name)
    texts = ((file.name, file.read_text(encoding="utf-8")) for file in found if file.name.endswith(".yaml"))
    return Rules(mappings=tuple(_mapping(_read(text, name)) for name, text in texts))


def _read(text: str, source: str) -> Document:
    return read_yaml(text, source, example="the example in the documentation")


# -- mappings


def _mapping(document: Document, loc: Loc = ()) -> ForeignFormat:
    return _unlike_built_in(document, loc, shaped(document, MappingModel))


def _unlike_built_in(document: Document, loc: Loc, model: MappingModel) -> ForeignFormat:
    """Return a mapping whose name is not taken. Raises PolicyFileError."""
    if model.name not in detect.names(Rules()):
        return compiled(model)
    problem, remedy = f'"{model.name}" is the name of a built-in format', "give it another name"
    raise PolicyFileError([document.finding(Check.BAD_VALUE, (*loc, "name"), problem, remedy)])


def _mappings(document: Document, model: RulesModel) -> tuple[ForeignFormat, ...]:
    found: dict[str, ForeignFormat] = {}
    for index, item in enumerate(model.mappings):
        loc = ("mappings", index)
        made = (
            _beside(document, loc, item) if isinstance(item, str) else _unlike_built_in(document, loc, item)
        )
        if made.name in found:
            problem, remedy = f'"{made.name}" is the name of another mapping', "give it another name"
            raise PolicyFileError([document.finding(Check.DUPLICATE_KEY, loc, problem, remedy)])
        found[made.name] = made
    return tuple(found.values())


def _beside(document: Document, loc: Loc, name: str) -> ForeignFormat:
    path = _path(document, name)
    return _mapping(_read(_text(document, loc, path), str(path)))


def _with_shipped(own: tuple[ForeignFormat, ...]) -> tuple[ForeignFormat, ...]:
    names = {mapping.name for mapping in own}
    return (*own, *(mapping for mapping in _shipped() if mapping.name not in names))


def _shipped() -> Iterator[ForeignFormat]:
    return (mapping for mapping in shipped().mappings if isinstance(mapping, ForeignFormat))


# -- thresholds


def _measured(model: MeasuredModel) -> Measured:
    return Measured(model.event_name, tuple(map(_threshold, model.thresholds)))


def _threshold(model: ThresholdModel) -> Threshold:
    return Threshold(**model.model_dump() | {"path": model.path.removeprefix("$.")})


def _policies(document: Document, model: RulesModel) -> Iterator[Measured]:
    """Yield the thresholds of the TCA policies that a rules file names. Raises ConfigError."""
    for index, name in enumerate(model.tca_policy):
        path = _path(document, name)
        text = _text(document, ("tca_policy", index), path)
        try:
            yield from tca_policy(msgspec.json.decode(text))
        except (msgspec.DecodeError, RecursionError) as error:
            remedy = "give the JSON of a TCA gen2 policy"
            raise ConfigError(f"is not JSON: {error}", setting=str(path), remedy=remedy) from None
        except ConfigError as error:
            raise ConfigError(str(error), setting=str(path), remedy=error.remedy) from None


def _loops(model: RulesModel, measured: tuple[Measured, ...]) -> dict[str, Loop]:
    """Return what control loops watch: what the file says of them, else the thresholds that begin them."""
    found: dict[str, Loop] = {}
    for one in (threshold for item in measured for threshold in item.thresholds):
        if one.loop and not one.abates:
            name = one.indicator or one.path.rpartition(".")[2]
            found.setdefault(one.loop, Loop(model.indicators.get(name, name), one.severity))
    return found | {name: Loop(loop.indicator, loop.severity) for name, loop in model.loops.items()}


# -- files


def _path(document: Document, name: str) -> Path:
    return Path(document.file).parent / name


def _text(document: Document, loc: Loc, path: Path) -> str:
    """Return the text of a file that another one names; what is wrong is told where it is named."""
    try:
        return read_text(path)
    except PolicyFileError as error:
        found: Finding = error.findings[0]
        problem = f"{path} {found.problem}"
        raise PolicyFileError([document.finding(Check.UNREADABLE, loc, problem, found.remedy)]) from None
