"""Avro's dicts -> the core's dataclasses; `writers` goes the other way.

Field names are equal on both sides (a test holds them together), so this is msgspec and nothing else, but for
three cases: verbs newer than this version, the answers of three channels, and the union of facts.
"""

from dataclasses import fields, make_dataclass
from typing import Any, TypeVar, get_args

import msgspec

from qosresolve.core import facts as f
from qosresolve.core.inputs import Answer, Command
from qosresolve.core.vocabulary import Verb
from qosresolve.errors import PoisonRecordError

Value = dict[str, Any]
T = TypeVar("T")

NAMESPACE = "qosresolve.v1"


def to_core(kind: type[T], value: Value) -> T:
    """Return the dataclass that a decoded record stands for. Raises PoisonRecordError."""
    try:
        return msgspec.convert(value, kind, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise PoisonRecordError(
            f"not a {kind.__name__}: {error}",
            stage="decode",
            remedy="written by a newer version? upgrade this one, then redrive",
        ) from error


def to_avro(value: object) -> Value:
    """Return the dict that fastavro writes: enums as their values, bytes as they are."""
    plain: Value = msgspec.to_builtins(value, builtin_types=(bytes,))
    return plain


# -- commands: a word that this version does not know is refused by rule, never a dead letter

_VERBS = frozenset(Verb)


def to_command(value: Value) -> Command:
    """Return a command; a verb that this version does not know becomes `Verb.UNKNOWN`."""
    if value["verb"] not in _VERBS:
        value["verb"] = Verb.UNKNOWN
    return to_core(Command, value)


# -- answers: three channels with their own words, one mechanism

CHANNELS: dict[str, dict[str, str]] = {
    "activity-status": {"request_id": "obligation_id", "task_id": "external_id"},
    "trouble-status": {
        "request_id": "obligation_id",
        "problem_id": "external_id",
        "parent_problem_id": "parent_id",
    },
    "supplier-status": {"request_id": "obligation_id", "ticket_id": "external_id"},
}
OMITTED = {
    "activity-status": frozenset({"party", "parent_id"}),
    "trouble-status": frozenset[str](),
    "supplier-status": frozenset({"parent_id"}),
}


def to_answer(record: str, value: Value) -> Answer:
    """Return what a channel's record says, in the core's words."""
    words = CHANNELS[record]
    return to_core(Answer, {words.get(name, name): item for name, item in value.items()})


def from_answer(record: str, answer: Answer) -> Value:
    """Return an answer in its channel's words. Raises ValueError for what the channel cannot say."""
    words = {ours: theirs for theirs, ours in CHANNELS[record].items()}
    value = to_avro(answer)
    unsaid = [name for name in OMITTED[record] if value.pop(name)]
    if unsaid:
        raise ValueError(f"{record} has no field for {', '.join(sorted(unsaid))}")
    return {words.get(name, name): item for name, item in value.items()}


# -- the journal: facts are a union of records, told apart by the record's name

_KINDS: dict[str, type[f.Fact]] = {f"{NAMESPACE}.{kind.__name__}": kind for kind in get_args(f.Fact)}
_HEAD = tuple(field for field in fields(f.Entry) if field.name != "facts")
# An entry without its facts: msgspec takes no union of dataclasses.
_Head: type[Any] = make_dataclass("Entry", [(field.name, field.type) for field in _HEAD])


def to_entry(value: Value) -> f.Entry:
    """Return a journal entry; `facts` come as (record name, dict)."""
    told = tuple(to_core(_KINDS[name], fact) for name, fact in value["facts"])
    head = to_core(_Head, value)
    return f.Entry(**{field.name: getattr(head, field.name) for field in _HEAD}, facts=told)
