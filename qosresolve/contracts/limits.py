"""What an Avro schema cannot ask of an input: ids that are there, bounded texts, instants of this century.

Lengths are counted in UTF-8 bytes. Whether an input makes sense for its product is the core's business.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

from qosresolve.core.ids import BODY_BYTES
from qosresolve.core.inputs import Answer, Command, Deadline, Degradation, Finding, Input
from qosresolve.core.vocabulary import Verb
from qosresolve.errors import PoisonRecordError

MAX_ID = 256
MAX_TEXT = 10_000
MAX_ITEMS = 256
EARLIEST = 946_684_800_000  # 2000-01-01T00:00:00Z
LATEST = 4_102_444_800_000  # 2100-01-01T00:00:00Z


@dataclass(frozen=True)
class Limits:
    """Which fields of a class are ids that must be there, other ids, free texts, and instants."""

    required: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    instants: tuple[str, ...] = ()

    @cached_property
    def names(self) -> Callable[[object], tuple[str, ...]]:
        """Return what takes all ids of a value, those that must be there first."""
        getter: Callable[[object], tuple[str, ...]] = attrgetter(*self.required, *self.ids)
        return getter


_FINDING = Limits(
    required=("source",), ids=("entity", "party"), texts=("text",), instants=("at", "expected_at")
)
_DESCRIBED = (
    "value", "threshold", "unit", "customer_id", "tier", "site", "offering", "owner_party", "cause_key",
    "marks",
)  # fmt: skip
_DEGRADATION = Limits(
    required=("product_id", "event_id", "source", "indicator", "object_id"),
    ids=_DESCRIBED,
    texts=("description", "raw"),
    instants=("observed_at",),
)
_HANDED_OVER = Limits(
    required=("product_id", "source", "indicator", "object_id"),
    ids=("event_id", *_DESCRIBED),
    texts=("description", "raw"),
    instants=("observed_at",),
)
_COMMAND = Limits(
    required=("product_id", "command_id", "actor"),
    ids=("role", "report_id", "field", "obligation_id"),
    texts=("reason", "value"),
    instants=("issued_at", "at"),
)
_REPORT = Limits(
    required=("report_id", "product_id", "policy"),
    texts=("customer_id", "tier", "site", "offering", "cause_key", "assignee", "description"),
    instants=("opened_at", "updated_at", "started_at"),
)
_CONTROL = Limits(
    required=("command_id", "actor"),
    ids=("product_id", "role", "report_id", "field", "obligation_id"),
    texts=("reason", "value"),
    instants=("issued_at", "at"),
)
_ANSWER = Limits(
    required=("product_id", "answer_id", "obligation_id"),
    ids=("party", "external_id", "parent_id"),
    texts=("note",),
    instants=("at", "expected_at"),
)
_DEADLINE = Limits(required=("product_id",), ids=("report_id",), instants=("due",))

CONTROL = frozenset({Verb.ACTIVATE_POLICY, Verb.SET_WINDOW})  # of a partition, not of a product


def check(record: str, body: Input) -> None:
    """Refuse an input that breaks a limit, naming the field and the remedy. Raises PoisonRecordError."""
    match body:
        case Degradation():
            _check(record, body, _DEGRADATION)
            if body.content:
                _check_content(f"{record}.content", body.content)
        case Command():
            _check(record, body, _CONTROL if body.verb in CONTROL else _COMMAND)
            _check_finding(record, body.finding)
            if body.degradation is not None:
                _check(f"{record}.degradation", body.degradation, _HANDED_OVER)
                _check_content(f"{record}.degradation.content", body.degradation.content)
            if body.repair is not None and body.repair.report is not None:
                _check(f"{record}.repair.report", body.repair.report, _REPORT)
        case Answer():
            _check(record, body, _ANSWER)
            _check_finding(record, body.finding)
        case Deadline():
            _check(record, body, _DEADLINE)


def _check_content(where: str, digest: bytes) -> None:
    if len(digest) not in (0, BODY_BYTES):
        raise _refused(where, f"{len(digest)} bytes", f"{BODY_BYTES} bytes, or none")


def _check_finding(record: str, finding: Finding | None) -> None:
    if finding is None:
        return
    where = f"{record}.finding"
    _check(where, finding, _FINDING)
    if len(finding.explains) > MAX_ITEMS:
        raise _refused(f"{where}.explains", f"{len(finding.explains)} items", f"at most {MAX_ITEMS}")
    for name in finding.explains:
        _check_id(f"{where}.explains", name)


def _check(where: str, value: Any, limits: Limits) -> None:  # noqa: ANN401 -- any of the inputs
    names = limits.names(value)
    together = "".join(names)
    simple = len(together) <= MAX_ID and together.isascii() and together.isprintable()
    if not simple or "" in names[: len(limits.required)]:
        _check_ids(where, value, limits)
    for name in limits.texts:
        text = getattr(value, name)
        if text:
            _check_length(f"{where}.{name}", text, MAX_TEXT)
    for name in limits.instants:
        instant = getattr(value, name)
        if instant is not None and not EARLIEST <= instant < LATEST:
            raise _refused(f"{where}.{name}", str(instant), "ms since the epoch, UTC, from 2000 to 2100")


def _check_ids(where: str, value: object, limits: Limits) -> None:
    for name in limits.required:
        item = getattr(value, name)
        if not item:
            raise _refused(f"{where}.{name}", "empty", "it must name something")
        _check_id(f"{where}.{name}", item)
    for name in limits.ids:
        _check_id(f"{where}.{name}", getattr(value, name))


def _check_id(where: str, item: str) -> None:
    _check_length(where, item, MAX_ID)
    # Control characters part the pieces of our own ids, and look like nothing in a log.
    if not item.isprintable() and any(character < " " for character in item):
        raise _refused(where, "a control character", "printable characters")


def _check_length(where: str, item: str, limit: int) -> None:
    # No character takes more than four bytes: short texts need no encoding to be told short.
    if len(item) * 4 > limit and (size := len(item.encode())) > limit:
        raise _refused(where, f"{size} bytes", f"at most {limit}")


def _refused(where: str, found: str, wanted: str) -> PoisonRecordError:
    return PoisonRecordError(
        f"{where}: {found}",
        stage="validate",
        remedy=f"{where.rpartition('.')[2]}: {wanted}; mend the sender, then send it anew",
    )
