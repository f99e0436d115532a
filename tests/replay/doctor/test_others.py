"""Rights, schemas, clocks, deadlines, policies, and what was not taken."""

import json
from collections.abc import Iterator

import pytest

from qosresolve.contracts import schemas as bundled_schemas
from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.headers import alarm_headers
from qosresolve.contracts.policy import file as policy_file
from qosresolve.contracts.records import Contracts
from qosresolve.contracts.registry.client import Answer, Registry
from qosresolve.contracts.registry.subjects import BACKWARD, Subject
from qosresolve.contracts.registry.trouble import RegistryError, Trouble
from qosresolve.kafka.acls import Acl, Operation, Pattern, Resource, Role
from qosresolve.replay.doctor import clock, letters, policies, rights, schemas
from qosresolve.replay.doctor.clock import Alarms, Heard
from qosresolve.replay.doctor.findings import Finding
from tests.replay.doctor.described import NOW, names

RECORDS = Contracts(SingleObjectCodec())
READ = Acl(Resource.TOPIC, "t", Pattern.LITERAL, (Operation.READ,), "reading")


@pytest.mark.parametrize(
    ("role", "ours", "found"),
    [
        (Role.WORKER, [Role.WORKER], ["right-missing"]),
        (Role.DOCTOR, [], ["right-of-doctor-missing"]),
        (Role.WORKER, [Role.TIMER], ["role-of-others"]),
    ],
)
def test_a_right_is_missed_by_who_needs_it(role: Role, ours: list[Role], found: list[str]) -> None:
    """That a reader may not write is as it should be, until it is said to be the worker."""
    assert names(rights.lacking({role: [READ]}, ours)) == found
    assert not names(rights.lacking({role: []}, ours))


# -- schemas


def test_the_bundled_history_is_readable() -> None:
    """Every version that this installation knows is read into today's."""
    assert not names(schemas.bundled(bundled_schemas.records(), schemas.readable))


def test_a_version_that_cannot_be_read_is_named() -> None:
    """By its record, once for all its versions."""
    (found,) = schemas.bundled(["report"], lambda *_: "no such thing")
    assert (found.kind.name, found.subject) == ("schema-history-unreadable", "report")


def test_a_schema_of_another_shape_is_not_readable() -> None:
    """The look is a real one: a version with another field's type fails."""
    other = bundled_schemas.parse(
        {"type": "record", "name": "Deadline", "namespace": "qosresolve.v1", "fields": []}
    )
    assert schemas.readable("deadline", other)


def test_a_schema_that_is_not_frozen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads with another release would not know it."""
    monkeypatch.setattr(bundled_schemas, "unfrozen", lambda: ["report"])
    assert names(schemas.bundled([], schemas.readable)) == ["schema-not-frozen"]


class Held(Registry):
    """A registry that holds one version of a subject, and answers as a test says."""

    def __init__(self, *, text: str, level: str = BACKWARD, compatible: bool = True) -> None:
        self._text, self._level, self._compatible = text, level, compatible

    def versions(self, subject: str) -> list[int]:
        return [1] if self._text and subject else []

    def level(self, subject: str) -> str:
        if not self._level:
            raise RegistryError("http://r", Trouble("it is in trouble", "look at it"))
        return self._level if subject else ""

    def version_of(self, subject: str, text: str) -> int:
        return int(bool(subject) and text == self._text)

    def text(self, subject: str, version: int) -> str:
        return self._text if subject and version else ""

    def test(self, subject: str, text: str, version: int | None = None) -> Answer:
        return Answer(self._compatible, "" if self._compatible else f"{subject} {version} {text[:1]}: no")


DEADLINE = Subject("s", "deadline", BACKWARD)
OURS = bundled_schemas.text("deadline")
OLDER = json.dumps(json.loads(OURS) | {"doc": "as it was"})


@pytest.mark.parametrize(
    ("registry", "found"),
    [
        (Held(text=""), ["schema-unregistered"]),
        (Held(text=OURS), []),
        (Held(text=OLDER), ["schema-unregistered"]),
        (Held(text=OLDER, compatible=False), ["schema-refused"]),
        (Held(text=OURS, level="NONE"), ["schema-level"]),
        (Held(text=OURS, level=""), ["registry-away"]),
    ],
)
def test_what_a_registry_says(registry: Registry, found: list[str]) -> None:
    """What is new is a note; a refusal stops a worker, and no answer holds it up."""
    assert names(schemas.registered(registry, [DEADLINE], "http://r")) == found


# -- clocks and deadlines


@pytest.mark.parametrize(
    ("heard", "found"),
    [
        ((), ["clock-untold"]),
        ((Heard(NOW - 100_000, NOW, live=False),), ["clock-untold"]),  # it merely lay there
        ((Heard(NOW - 5, NOW, live=True),), []),
        ((Heard(NOW - 5_000, NOW, live=True),), ["clock-skew"]),
        ((Heard(NOW + 5_000, NOW, live=False),), ["clock-skew"]),  # of our future
    ],
)
def test_how_far_the_clocks_are_apart(heard: tuple[Heard, ...], found: list[str]) -> None:
    """Only what comes while we look tells; but nothing can lie there from the future."""
    assert names(clock.apart(clock.skew(heard))) == found


def alarms_of(due: int | None, *, removed: bool = False) -> Alarms:
    alarms = Alarms()
    alarms.take(("report", 1), b"P1/r", b"value", alarm_headers(due, 3))
    if removed:
        alarms.take(("report", 1), b"P1/r", None, None)
    return alarms


@pytest.mark.parametrize(
    ("alarms", "found"),
    [
        (alarms_of(NOW - 60_001), ["deadlines-overdue"]),
        (alarms_of(NOW - 59_000), []),
        (alarms_of(NOW + 1), []),
        (alarms_of(None), []),
        (alarms_of(NOW - 60_001, removed=True), []),
    ],
)
def test_a_deadline_is_overdue_after_a_while(alarms: Alarms, found: list[str]) -> None:
    """Settled is what was moved or removed; the last record of a key is the truth."""
    assert names(clock.overdue(alarms.by_partition, NOW, 60_000)) == found


def test_an_alarm_that_no_worker_wrote() -> None:
    """It is noted, and is no alarm."""
    alarms = Alarms()
    alarms.take(("report", 1), b"P1/r", b"value", [("due", b"soon")])
    assert alarms.malformed == {("report", 1)}
    assert not names(clock.overdue(alarms.by_partition, NOW, 0))


# -- policies


def test_the_shipped_policy_is_what_its_hash_says() -> None:
    """And not another's; and bytes that are no policy are told as such."""
    canonical = policy_file.compile(policy_file.load(policy_file.default_text()))
    policy_hash = policy_file.read_canonical(canonical).hash
    value = RECORDS.write_policy(policy_hash, "default", NOW, canonical)
    assert policies.why_not(RECORDS, policy_hash, value) == ""
    assert policies.why_not(RECORDS, "f" * 64, value) == f"it is the policy {policy_hash}"
    assert policies.why_not(RECORDS, policy_hash, b"no policy")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({0: "a", 1: "a"}, []),
        ({0: "a", 1: ""}, []),  # never activated
        ({0: "a", 1: "b"}, ["policy-unknown", "policies-mixed"]),
        ({0: "c"}, ["policy-unreadable"]),
    ],
)
def test_each_active_policy_is_published_and_loads(wanted: dict[int, str], found: list[str]) -> None:
    """What decides must be found again by the next owner."""
    assert names(policies.unreachable(wanted, {"a": "", "c": "broken"})) == found


# -- what was not taken


def test_dead_letters_are_told_by_stage() -> None:
    """How many of which, or nothing."""
    (found,) = letters.buried({"decode": 2, "size": 1})
    assert found.seen == "3 within 24 h: decode 2, size 1"
    assert not names(letters.buried({}))
    (flood,) = letters.buried({"decode": letters.MOST})
    assert flood.seen.startswith("at least ")


@pytest.mark.parametrize(("count", "found"), [(0, []), (3, ["parked"])])
def test_what_is_parked_is_a_note(count: int, found: list[str]) -> None:
    """It waits by design."""
    seen: Iterator[Finding] = letters.waiting(count)
    assert names(seen) == found
