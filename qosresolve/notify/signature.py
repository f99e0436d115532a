"""Signatures in the manner of Standard Webhooks: HMAC-SHA256 over id, time and body.

A secret is `whsec_` and Base64 of 24 to 64 bytes, one a line: while it is changed the file has both, and a
receiver that knows either is content. https://github.com/standard-webhooks/standard-webhooks
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from qosresolve.errors import ConfigError

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
SETTING = "notify_secret_file"
HOW = (
    f"a line is {PREFIX} and Base64 of {SHORTEST} to {LONGEST} bytes: "
    f"`echo {PREFIX}$(openssl rand -base64 32)` makes one"
)


def secrets(file: Path) -> list[bytes]:
    """Return the keys of a file, the newest first. Raises ConfigError, which never shows what is in it."""
    try:
        lines = file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"cannot read {file}: {why}", setting=SETTING, remedy=HOW) from None
    if not lines:
        raise ConfigError(f"{file} is empty", setting=SETTING, remedy=HOW)
    return [_key(line, f"{file}, line {number}") for number, line in enumerate(lines, 1)]


def _key(line: str, where: str) -> bytes:
    try:
        key = b64decode(line.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not line.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise ConfigError(f"{where}: no secret of a webhook", setting=SETTING, remedy=HOW)
    return key


def signed(keys: Sequence[bytes], message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """Return the headers of an attempt at `at_s` since the epoch: id, time, a signature for each key."""
    told = b"%s.%d.%s" % (message_id.encode(), at_s, body)
    signatures = (b64encode(hmac.digest(key, told, sha256)).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
