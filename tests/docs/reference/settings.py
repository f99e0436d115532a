"""settings.md: every setting with its variable, type, default and what it is."""

from __future__ import annotations

from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from pydantic_core import PydanticUndefined

from qosresolve.settings import PREFIX, PROTECTED, Settings
from tests.docs.markdown import code, table
from tests.docs.markdown import page as whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

UNITS = {"_ms": "milliseconds", "_bytes": "bytes", "_seconds": "seconds", "_records": "records"}
_WORDS = {str: "text", int: "whole number", bool: "`true` or `false`", Path: "file"}
_INTRO = """\
A setting comes from a variable of the environment, from a TOML file (`--config FILE.toml`) or from `--set
NAME=VALUE`, the last winning. `qosresolve config show` prints them all, with secrets as stars; a name
that is no setting is refused with the one that was meant."""
_LIBRDKAFKA = """\
Options of librdkafka go under `kafka`: `QOSRESOLVE_KAFKA__SASL_PASSWORD`, `--set
kafka.sasl.password=...`, or in the TOML file `[kafka]` with `"sasl.password" = "..."`. Some cannot be set
there, because the guarantees rest on them:"""


def page() -> str:
    """Return the page."""
    return whole(
        "Settings",
        "qosresolve/settings.py",
        _INTRO,
        table(
            ["Setting", "Variable", "Value", "Default", "Description"],
            (_row(name, field) for name, field in Settings.model_fields.items()),
        ),
        "## Options of librdkafka",
        _LIBRDKAFKA,
        table(["Option", "Why not"], ([code(option), why] for option, why in PROTECTED.items())),
    )


def _row(name: str, field: FieldInfo) -> list[str]:
    value = ", ".join(_value(name, field))
    return [code(name), code(PREFIX + name.upper()), value, _default(field), field.description or ""]


def _value(name: str, field: FieldInfo) -> Iterator[str]:
    yield _type(field.annotation)
    unit = next((unit for end, unit in UNITS.items() if name.endswith(end)), "")
    if unit:
        yield unit
    low, high = _bound(field, "ge"), _bound(field, "le")
    if low is not None:
        yield f"{low:,} to {high:,}" if high is not None else f"{low:,} or more"


def _type(annotation: Any) -> str:  # noqa: ANN401 - any type of a field
    if get_origin(annotation) is Literal:
        return " or ".join(map(code, get_args(annotation)))
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(_type(one) for one in get_args(annotation) if one is not NoneType)
    return "names with values" if get_origin(annotation) is dict else _WORDS[annotation]


def _bound(field: FieldInfo, name: str) -> int | None:
    found = (getattr(constraint, name, None) for constraint in field.metadata)
    return next((bound for bound in found if bound is not None), None)


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined or field.default is None:
        return ""
    shown = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
    return code(shown)
