"""The canonical form of a policy: the bytes that are hashed, published, and read back into the core's types.

JSON in UTF-8 with sorted keys and no spaces, durations in ms, holidays as dates. Reading needs neither YAML
nor the `holidays` library, and checks no more than the shape: who wrote it, checked it.
"""

import hashlib
import json
from dataclasses import fields, replace
from typing import Any

import msgspec

from qosresolve.contracts.policy.omitted import default_information, said, says_more
from qosresolve.core.policy import Node, Policy

FIRST = 1  # what the first version knew
FORMAT = 2  # says something that came later: an older worker has to refuse it, never to read past it


class CanonicalFormError(ValueError):
    """The bytes are not a policy in canonical form, or of a format newer than this version."""


def write_canonical(policy: Policy, *, tzdata: str) -> bytes:
    """Return the canonical form of a policy; its own `hash` stays out, the time zone data's version is in."""
    content = said(policy)
    del content["hash"]
    content |= {"format": FORMAT if says_more(policy) else FIRST, "tzdata": tzdata}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def policy_hash(canonical: bytes) -> str:
    """Return what a policy is known by: SHA-256 of its canonical form, in hex."""
    return hashlib.sha256(canonical).hexdigest()


def read_canonical(canonical: bytes) -> Policy:
    """Return the policy in these bytes, known by their hash. Raises CanonicalFormError."""
    content = _decoded(canonical)
    if content.get("format") not in (FIRST, FORMAT):
        raise CanonicalFormError(
            f"policy format {content.get('format')!r} is not {FIRST} or {FORMAT}: written by another version"
        )
    try:
        policy = msgspec.convert(_filled(content), Policy)
    except ValueError as error:
        raise CanonicalFormError(f"not a policy: {error}") from error
    return replace(policy, hash=policy_hash(canonical))


def _filled(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content with what was left out; indexes are worked out anew."""
    indexes: dict[str, Any] = {item.name: {} for item in fields(Policy) if not item.init}
    filled = {"hash": ""} | indexes | content
    if "information" not in content:
        plan = msgspec.convert(content.get("plan"), tuple[Node, ...])
        filled["information"] = msgspec.to_builtins(default_information(plan))
    return filled


def tzdata_of(canonical: bytes) -> str:
    """Return the version of the time zone data that the policy was checked with."""
    return str(_decoded(canonical).get("tzdata", ""))


def _decoded(canonical: bytes) -> dict[str, Any]:
    try:
        content = json.loads(canonical)
    except ValueError as error:
        raise CanonicalFormError(f"not JSON: {error}") from error
    if not isinstance(content, dict):
        raise CanonicalFormError("not a JSON object")
    return content
