"""The canonical form of a policy: the bytes that are hashed, published, and read back into the core's types.

JSON in UTF-8 with sorted keys and no spaces, durations in ms, holidays as dates. Reading needs neither YAML
nor the `holidays` library, and checks no more than the shape: who wrote it, checked it.
"""

import hashlib
import json
from dataclasses import replace

import msgspec

from qosresolve.core.policy import Policy

FORMAT = 1


class CanonicalFormError(ValueError):
    """The bytes are not a policy in canonical form, or of a format newer than this version."""


def write_canonical(policy: Policy, *, tzdata: str) -> bytes:
    """Return the canonical form of a policy; its own `hash` stays out, the time zone data's version is in."""
    content = msgspec.to_builtins(policy)
    del content["hash"]
    content |= {"format": FORMAT, "tzdata": tzdata}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def policy_hash(canonical: bytes) -> str:
    """Return what a policy is known by: SHA-256 of its canonical form, in hex."""
    return hashlib.sha256(canonical).hexdigest()


def read_canonical(canonical: bytes) -> Policy:
    """Return the policy in these bytes, known by their hash. Raises CanonicalFormError."""
    content = _decoded(canonical)
    if content.get("format") != FORMAT:
        raise CanonicalFormError(
            f"policy format {content.get('format')!r} is not {FORMAT}: written by another version"
        )
    try:
        policy = msgspec.convert(content | {"hash": ""}, Policy)
    except msgspec.ValidationError as error:
        raise CanonicalFormError(f"not a policy: {error}") from error
    return replace(policy, hash=policy_hash(canonical))


def tzdata_of(canonical: bytes) -> str:
    """Return the version of the time zone data that the policy was checked with."""
    return str(_decoded(canonical).get("tzdata", ""))


def _decoded(canonical: bytes) -> dict[str, object]:
    try:
        content = json.loads(canonical)
    except ValueError as error:
        raise CanonicalFormError(f"not JSON: {error}") from error
    if not isinstance(content, dict):
        raise CanonicalFormError("not a JSON object")
    return content
