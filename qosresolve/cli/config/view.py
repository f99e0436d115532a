"""How settings are shown, and where each comes from."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from qosresolve.cli.output import console, dump, table
from qosresolve.settings import Settings, masked

VARIABLE = "QOSRESOLVE_"


def show(settings: Settings, sets: Sequence[str], *, as_json: bool) -> None:
    """Show every setting."""
    values = masked(settings)
    origins = {name: origin(name, settings, sets) for name in values}
    if as_json:
        dump({name: {"value": value, "from": origins[name]} for name, value in values.items()})
        return
    rows = [
        (name, _text(value), origins[name], Settings.model_fields[name].description or "")
        for name, value in values.items()
    ]
    console().print(table("", ("setting", "value", "from", "what it is"), rows))


def origin(name: str, settings: Settings, sets: Iterable[str]) -> str:
    """Return where a setting was given, the place that counts first; options of librdkafka are joined."""
    return ", ".join(_places(name, settings, sets)) or "default"


def _places(name: str, settings: Settings, sets: Iterable[str]) -> Iterator[str]:
    if any(item.partition("=")[0].partition(".")[0] == name for item in sets):
        yield "--set"
    upper = f"{VARIABLE}{name}".upper()
    given = [key for key in os.environ if key.upper() == upper or key.upper().startswith(f"{upper}__")]
    yield from sorted(given)
    if name in settings.model_fields_set and not given and not any(_names(item, name) for item in sets):
        yield "file"


def _names(override: str, name: str) -> bool:
    return override.partition("=")[0].partition(".")[0] == name


def _text(value: Any) -> str:  # noqa: ANN401 - any setting's value
    if isinstance(value, dict):
        return "\n".join(f"{key} = {item}" for key, item in value.items()) or "-"
    return "-" if value in ("", None) else str(value)
