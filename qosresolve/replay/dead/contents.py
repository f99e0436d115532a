"""What a letter says, as far as it can be read, and what can be done about it. Never raises on garbage."""

from typing import Any

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.errors import PoisonRecordError, RetriableError
from qosresolve.replay.dead.letters import Letter
from qosresolve.topics import Names

FIRST = 256  # bytes that are shown of what cannot be read
TEXT = 2_000  # characters of what is text

_REMEDIES = {
    "decode": "mend the sender, or install the version that knows its schema; then redrive",
    "validate": "not within the limits: mend the sender, have it sent anew, then discard this",
    "size": "one product with very many open indicators? clear some, then redrive",
    "step": "a fault in the rules: report it with this record; redrive with the version that mends it",
    "crash": "see docs/runbooks/crashing-record.md: redrive with --force once the reader is mended",
    "intake": "mend the rules of intake or the inventory, then redrive (a topic of others needs --foreign)",
    "refused": "the receiver of escalations refused it: see docs/runbooks/notify-refused.md; then discard it",
    "unknown": "find out who writes to the dead-letter topic; then discard it",
}


def contents(letter: Letter, contracts: Contracts, names: Names) -> dict[str, Any]:
    """Return what `today`'s code says, a `remedy`, and `value` if it can be read, else `text` or `hex`."""
    said: dict[str, Any] = {"remedy": _REMEDIES.get(letter.stage, "see docs/runbooks/dead-letters.md")}
    if letter.reference:
        return said | {"today": f"its bytes lie at {letter.spot}, as long as its topic keeps them"}
    if letter.stage == "crash":
        return said | {"today": "not read: it ended the process that took it"} | _raw(letter.value)
    if letter.spot.topic not in names.inputs or letter.value is None:
        return said | _raw(letter.value)
    record = names.topic(letter.spot.topic).record
    return said | _judged(contracts, record, letter.value) | _decoded(contracts, record, letter.value)


def _judged(contracts: Contracts, record: str, value: bytes) -> dict[str, Any]:
    try:
        contracts.read_input(record, value)
    except PoisonRecordError as error:
        remedy = {"remedy": error.remedy} if error.remedy else {}
        return {"today": f"{error.stage}: {error}"} | remedy
    except RetriableError as error:
        return {"today": f"cannot be told: {error}"}
    except Exception as error:  # noqa: BLE001 - told, and whoever looks at garbage wants to see the rest
        return {"today": f"a fault in reading it: {type(error).__name__}", "remedy": _REMEDIES["step"]}
    return {"today": "it can be read; whether it can be taken, a dry run of redrive tells"}


def _decoded(contracts: Contracts, record: str, value: bytes) -> dict[str, Any]:
    """Return the fields, read through the registry or by the bundled schemas alone, else the bytes."""
    for read in (contracts.fields, SingleObjectCodec().decode):
        try:
            return {"value": read(record, value)}
        except (PoisonRecordError, RetriableError):  # told by what is said of today
            continue
    return _raw(value)


def _raw(value: bytes | None) -> dict[str, Any]:
    if value is None:
        return {}
    try:
        text = value[: 4 * TEXT].decode()
    except UnicodeDecodeError:
        return {"hex": value[:FIRST].hex(" ")}
    printable = all(character.isprintable() or character in "\r\n\t" for character in text)
    return {"text": text[:TEXT]} if text and printable else {"hex": value[:FIRST].hex(" ")}
