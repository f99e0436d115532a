"""Bytes into JSON values, or why not: never more of a payload in a message than where it went wrong."""

import base64
import binascii

import msgspec

from qosresolve.intake.paths import Json
from qosresolve.intake.reading import unreadable

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_REMEDY = "intake reads JSON in UTF-8; does another kind of message share the topic?"
_decode = msgspec.json.Decoder().decode


def decoded(value: bytes) -> Json:
    """Return the JSON value of a payload; a text that holds JSON is looked into once.

    Raises PoisonRecordError for what is empty, no JSON, no UTF-8, or nested without end.
    """
    found = _json(value)
    return _json(found.encode()) if isinstance(found, str) else found


def decoded_base64(value: str) -> Json:
    """Return the JSON value of a payload in base64 (CloudEvents `data_base64`). Raises PoisonRecordError."""
    try:
        return decoded(base64.b64decode(value, validate=True))
    except binascii.Error:
        raise unreadable("data_base64 is not base64", "mend the sender") from None


def _json(value: bytes) -> Json:
    if not value or value.isspace():
        raise unreadable("nothing: the value is empty", _REMEDY)
    try:
        return _decode(value.removeprefix(_BYTE_ORDER_MARK))
    except UnicodeDecodeError as error:
        raise unreadable(f"not UTF-8: {error.reason}", _REMEDY) from None
    except msgspec.DecodeError as error:
        raise unreadable(f"not JSON: {error}", _REMEDY) from None
    except RecursionError:
        raise unreadable("JSON that is nested too deeply", _REMEDY) from None
