"""Plain data into the model, and pydantic's errors into findings an operator can act on."""

from collections.abc import Iterator, Mapping
from typing import TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from qosresolve.contracts.policy.document import Document
from qosresolve.contracts.policy.findings import Check, Finding, Loc, PolicyFileError, meant

Model = TypeVar("Model", bound=BaseModel)

_SHAPES = {
    "model_type": ("is not a block of keys", "write key: value lines below it, or {key: value}"),
    "mapping_type": ("is not a block of keys", "write name: value lines below it, or {} for none"),
    "tuple_type": ("is not a list", "write [one, two], or [] for none"),
    "string_type": ("is a block", "write one value"),
    "int_type": ("is a block", "write one number"),
    "float_type": ("is a block", "write one number"),
    "bool_type": ("is a block", "write true or false"),
    "string_too_short": ("is empty", "write a name"),
    "too_short": ("is empty", "write at least one"),
}
_OWN = ("text", "not_text")  # `model`'s own: the message says problem and remedy
_WORDS = ("enum", "literal_error")
_LIMITS = {
    "int_parsing": ("is not a whole number", "write digits only"),
    "float_parsing": ("is not a number", "write digits, with a point where there is a fraction"),
    "bool_parsing": ("is neither true nor false", "write true or false"),
    "greater_than_equal": ("is too small", "write {ge} or more"),
    "less_than_equal": ("is too large", "write {le} or less"),
    "string_too_long": ("is too long", "write at most {max_length} characters"),
}


def shaped(document: Document, kind: type[Model]) -> Model:
    """Return what a file says, as its model. Raises PolicyFileError with all that does not fit the shape."""
    findings = list(document.findings)
    model = None
    try:
        model = kind.model_validate(document.data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        findings += [_finding(document, detail, kind) for detail in details]
    if model is None or findings:
        raise PolicyFileError(findings)
    return model


def _finding(document: Document, error: ErrorDetails, kind: type[BaseModel]) -> Finding:
    loc = tuple(part for part in error["loc"] if part != "[key]")
    match error["type"]:
        case "missing":
            remedy = _write(loc, kind)
            return document.finding(Check.MISSING_KEY, loc, "is missing", remedy)
        case "extra_forbidden":
            remedy = meant(str(loc[-1]), _fields(loc[:-1], kind))
            return document.finding(Check.UNKNOWN_KEY, loc, "is not a known key", remedy, at_key=True)
    problem, remedy = _value(error)
    return document.finding(Check.BAD_VALUE, loc, problem, remedy, at_key="[key]" in error["loc"])


def _write(loc: Loc, kind: type[BaseModel]) -> str:
    """Return how a missing key would be written."""
    field = _model(loc[:-1], kind).get(str(loc[-1]))
    examples = (field.examples if field else None) or ["..."]
    shown = " or ".join(f"{loc[-1]}: {example}" for example in examples)
    return f"write e.g. {shown}"


def _value(error: ErrorDetails) -> tuple[str, str]:
    """Return problem and remedy of a value that does not fit."""
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if kind in _SHAPES:
        return _SHAPES[kind]
    if kind in _OWN:
        problem, _, remedy = error["msg"].partition("; ")
        return problem, remedy
    shown = f'"{given}"' if isinstance(given, str) else "this"
    if kind in _WORDS:
        return f"{shown} is not a known word", meant(str(given), _words(context["expected"]))
    if kind in _LIMITS:
        problem, remedy = _LIMITS[kind]
        return f"{shown} {problem}", remedy.format(**context)
    return f"does not fit: {error['msg']}", "compare with the packaged default policy"


def _words(expected: str) -> Iterator[str]:
    """Take pydantic's "'a', 'b' or 'c'" apart."""
    return (part for index, part in enumerate(expected.split("'")) if index % 2)


def _fields(loc: Loc, kind: type[BaseModel]) -> set[str]:
    return set(_model(loc, kind))


def _model(loc: Loc, kind: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of the model at a path into a kind of file."""
    at: object = kind
    for part in loc:
        model = _within(at)
        at = _held(at) if _holds(at, part) or model is None else model.model_fields[str(part)].annotation
    found = _within(at)
    return dict(found.model_fields) if found else {}


def _holds(annotation: object, part: str | int) -> bool:
    """Tell whether a path goes into it by name or number: a mapping or a tuple, not a model.

    A name leads into the model that stands for a tuple of one.
    """
    origin = get_origin(annotation)
    return origin is Mapping or (origin is tuple and isinstance(part, int))


def _held(annotation: object) -> object:
    """Return what a mapping or a tuple holds."""
    return next(item for item in reversed(get_args(annotation)) if item is not Ellipsis)


def _within(annotation: object) -> type[BaseModel] | None:
    """Return the one model that an annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_within(item) for item in get_args(annotation))
    return next((model for model in inner if model), None)
