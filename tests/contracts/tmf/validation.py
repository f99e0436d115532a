"""Holds what goes out against TM Forum's definitions: `problems` of one document, `check` of all of a step.

Definitions are closed here: a field that they do not know is a misspelt one. Formats are looked at: a
`date-time` is RFC 3339.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import yaml
from jsonschema import Draft4Validator, FormatChecker

from qosresolve.contracts.tmf.edge import Document, Edge
from qosresolve.contracts.tmf.identifier import identified
from qosresolve.contracts.tmf.words import Version
from qosresolve.core.requests import EscalationNotice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qosresolve.core.facts import Entry
    from qosresolve.core.requests import Request

HERE = Path(__file__).parent / "definitions"
VERSIONS: tuple[Version, ...] = get_args(Version)
EDGES = {version: Edge(version, "operator-1") for version in VERSIONS}
FORMATS = FormatChecker(formats=())
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@FORMATS.checks("date-time", raises=ValueError)
def _instant(value: object) -> bool:
    return not isinstance(value, str) or bool(_RFC_3339.fullmatch(value) and datetime.fromisoformat(value))


def problems(document: Document) -> list[str]:
    """Return what is wrong with a document as its receiver reads it, each with its place."""
    body = json.loads(document.encoded())
    return wrong(document.api, document.version, document.definition, body)


def wrong(api: str, version: Version, definition: str, body: object) -> list[str]:
    """Return what is wrong with a JSON value as one definition has it."""
    checks = [_validator(api, version, definition)]
    if definition == "Event" and isinstance(body, dict):
        checks.append(_validator(api, version, "Payload"))
    values = (body, body.get("event") if isinstance(body, dict) else None)
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
        for check, value in zip(checks, values, strict=False)
        for error in check.iter_errors(value)
    ]


@cache
def _validator(api: str, version: Version, definition: str) -> Draft4Validator:
    known = definitions(api, version)
    return Draft4Validator(_inlined(known[definition], known), format_checker=FORMATS)


@cache
def definitions(api: str, version: Version) -> dict[str, Any]:
    """Return the closed definitions of one API; those of TMF701 are ours, with TMF656's parts in v4."""
    own = _ours("ours.yaml")
    if version == "v5":
        return {**_ours("v5.yaml"), **own}
    names = ("TMF656", api) if api in ("TMF688", "TMF701") else (api,)
    official = [_official(name) for name in names if (HERE / f"{name}-v4.json").is_file()]
    return {name: value for known in (*official, own) for name, value in known.items()}


def _official(api: str) -> dict[str, Any]:
    return _closed(json.loads((HERE / f"{api}-v4.json").read_text("utf-8"))["definitions"])


def _ours(name: str) -> dict[str, Any]:
    return _closed(yaml.safe_load((HERE / name).read_text("utf-8"))["definitions"])


def _closed(known: dict[str, Any]) -> dict[str, Any]:
    """Return definitions that refuse what they do not name."""
    return {
        name: {**value, "additionalProperties": False} if "properties" in value else value
        for name, value in known.items()
    }


def _inlined(node: Any, known: dict[str, Any], above: tuple[str, ...] = ()) -> Any:  # noqa: ANN401
    """Return a definition with what it refers to in its place: no reference is looked up a million times."""
    if isinstance(node, list):
        return [_inlined(item, known, above) for item in node]
    if not isinstance(node, dict):
        return node
    name = str(node.get("$ref", "")).removeprefix("#/definitions/")
    if not name:
        return {key: _inlined(value, known, above) for key, value in node.items()}
    return {} if name in above else _inlined(known[name], known, (*above, name))


def check(requests: Iterable[Request], entries: Iterable[Entry] = ()) -> None:
    """See that requests and entries validate in both versions, and that each request's answer finds its way.

    Thousands of documents differ in nothing that a definition looks at; one of each shape is looked at.
    """
    requests, entries = list(requests), list(entries)
    for edge in EDGES.values():
        for request in requests:
            document = edge.request(request)
            _once(document, request)
            assert _subject(request) in identifiers(document.body), "an answer would not find its way"
        for entry in entries:
            _once(edge.entry(entry), entry)


def _once(document: Document, told: object) -> None:
    looks = (document.api, document.version, document.definition, shape(document.body))
    if looks not in _SEEN:
        assert not (found := problems(document)), f"{document.definition} of {told}: {found}"
        _SEEN.add(looks)


_SEEN: set[object] = set()


def shape(value: object) -> object:
    """Return what a definition can tell of a value: names, types, and words of enumerations and patterns.

    Of a fact it asks for no more than its `@type`, which `test_facts` looks at.
    """
    if isinstance(value, dict):
        return frozenset((name, name == "fact" or shape(item)) for name, item in value.items())
    if isinstance(value, list):
        return "list", frozenset(map(shape, value))
    if isinstance(value, str):
        return value if len(value) < 3 or value in _words() else _kind(value)
    return type(value), value


def _kind(text: str) -> tuple[str, bool]:
    return "text", bool(_RFC_3339.fullmatch(text))


@cache
def _words() -> frozenset[str]:
    """Return all that stands in an enumeration."""
    known = [definitions(api, version) for api in ("TMF621", "TMF656", "TMF688") for version in VERSIONS]
    return frozenset(_enumerated(known))


def _enumerated(node: object) -> set[str]:
    parts = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    found = set(node.get("enum", ())) if isinstance(node, dict) else set()
    return found.union(*map(_enumerated, parts))


def _subject(request: Request) -> tuple[str, str]:
    named = request.escalation_id if isinstance(request, EscalationNotice) else request.request_id
    return request.context.product_id, named


def identifiers(body: object) -> set[tuple[str, str]]:
    """Return what all texts of a body identify, wherever they stand."""
    if isinstance(body, dict):
        return identifiers(list(body.values()))
    if isinstance(body, list):
        return {found for item in body for found in identifiers(item)}
    found = identified(body) if isinstance(body, str) else None
    return {found} if found else set()
