"""The Avro schemas as others take them: one self-contained file a record, docs and logical types kept.

The files in schemas/ name the types of other files, which no parser but ours finds. What lies in docs/schemas
is the text that goes to a schema registry: the payloads of docs/asyncapi.yaml refer to it, and the document
and its schemas can be handed on as they lie there.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from qosresolve.contracts import schemas

Schema = dict[str, Any]


def files() -> dict[str, str]:
    """Return each file's text by its name."""
    return {f"{record}.avsc": schemas.text(record) + "\n" for record in schemas.records()}


def own(record: str) -> Schema:
    """Return a record as schemas/ has it: types of other files by name."""
    return _load(f"{record}.avsc")


@cache
def shared(folder: str) -> dict[str, Schema]:
    """Return the types of `types` or `facts` by their full names, in the order of these."""
    found = (_load(f"{folder}/{path.name}") for path in (schemas.folder() / folder).glob("*.avsc"))
    return dict(sorted((f"{schema['namespace']}.{schema['name']}", schema) for schema in found))


@cache
def _load(path: str) -> Schema:
    loaded: Schema = json.loads((schemas.folder() / path).read_text(encoding="utf-8"))
    return loaded
