"""From an observation to events: ids that come again, one cause for all, and limits that a worker has."""

from hypothesis import given
from hypothesis import strategies as st

from qosresolve.contracts import limits
from qosresolve.core.inputs import Degradation
from qosresolve.core.record import changed
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.intake.events import degradation, shared
from qosresolve.intake.inventory import Relation
from qosresolve.intake.reading import Mark, Observation
from tests.intake.relations import relation

NOW = 1_800_000_000_000
SEEN = Observation(
    "probe", "1", 7, DegradationKind.RAISE, "latency", ("if1", "host"), ObjectKind.RESOURCE, Severity.MAJOR,
    NOW, value="120", unit="ms", description="slow",
)  # fmt: skip
TWO = (relation("host", "P1", service_id="S"), relation("host", "P2", service_id="S"))


def _event(seen: Observation, made: Relation, *others: Relation) -> Degradation:
    return degradation(seen, made, shared(seen, (made, *others)))


def test_ids_come_again_and_differ_by_product() -> None:
    """The same payload taken twice is the same events; each product's event has an id of its own."""
    first, second = (_event(SEEN, made) for made in TWO)
    assert _event(SEEN, TWO[0]) == first
    assert first.event_id != second.event_id
    for other in (
        {"kind": DegradationKind.ABATE},
        {"sequence": 8},
        {"indicator": "jitter"},
        {"objects": ("if2",)},
    ):
        assert _event(changed(SEEN, **other), TWO[0]).event_id != first.event_id


def test_without_a_sequence_the_time_tells_events_apart() -> None:
    """ONAP sends violation and abatement, and each repetition, under one id."""
    bare = changed(SEEN, sequence=0)
    assert _event(bare, TWO[0]).event_id != _event(changed(bare, observed_at=NOW + 1), TWO[0]).event_id


def test_what_the_inventory_adds_is_not_what_the_source_said() -> None:
    """A tier that changed, or a mark of intake, makes no other content of an event that is sent again."""
    told = _event(SEEN, TWO[0]).content
    assert _event(changed(SEEN, marks=(Mark.CLOCK_OFF,)), changed(TWO[0], tier="gold")).content == told
    assert _event(changed(SEEN, value="130"), TWO[0]).content != told
    assert len(told) == 4


def test_products_of_one_cause_share_its_key() -> None:
    """The service that the object is part of, with the upstream cause where there is one."""
    keys = {_event(changed(SEEN, cause_id="A9"), made, *TWO).cause_key for made in TWO}
    assert keys == {"S|A9"}
    assert _event(SEEN, TWO[0], TWO[1]).cause_key == "S"


def test_an_object_of_several_services_is_its_own_cause() -> None:
    """Products that see it as part of different services share the object's name."""
    other = changed(TWO[1], service_id="T")
    assert _event(SEEN, TWO[0], other).cause_key == _event(SEEN, other, TWO[0]).cause_key == "host"


def test_the_most_specific_name_is_the_object() -> None:
    """The inventory knows the host; that two of its interfaces are bad stays two rows of a report."""
    event = _event(SEEN, TWO[0])
    assert (event.object_id, event.object_kind) == ("if1", ObjectKind.RESOURCE)
    service = Relation("if1", ObjectKind.SERVICE, "P1")
    assert _event(SEEN, service).object_kind is ObjectKind.SERVICE


@given(st.text(max_size=400), st.text(max_size=12_000))
def test_long_texts_are_cut_and_long_causes_hashed(cause: str, text: str) -> None:
    """No description and no upstream cause makes an event that a worker would bury."""
    printable = "".join(char for char in cause if char >= " ")
    event = _event(changed(SEEN, cause_id=printable, description=text), TWO[0])
    limits.check("degradation", event)
