"""Public payloads become degradation events as they are meant, traps included."""

from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from qosresolve.core.inputs import Degradation
from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.demo.payloads import INVENTORY, as_of, degradations, instant, load

FILES = (
    "tca-onset.json", "tca-abated.json", "measurement-violation.json", "measurement-abatement.json",
    "crossing-set.json", "crossing-clear.json", "fault-major.json", "fault-normal.json", "fault-batch.json",
)  # fmt: skip


def only(name: str) -> Degradation:
    """The one event of a payload."""
    (event,) = degradations(load(name))
    return event


def ms(*when: int) -> int:
    """An instant in UTC."""
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1_000)  # type: ignore[arg-type,misc]


def test_a_closed_loop_alarm_names_its_object_indirectly() -> None:
    """`target` is the name of a field of AAI; severity and indicator come from the loop's policy."""
    event = asdict(only("tca-onset.json"))
    assert {name: value for name, value in event.items() if value not in ("", 0, b"")} == {
        "product_id": "vcpe-1001",
        "event_id": "664be3d2-6c12-4f4b-a3e7-c349acced200",
        "source": "onap-tca",
        "kind": DegradationKind.RAISE,
        "indicator": "packetLoss",
        "object_id": "vCPE_Infrastructure_vGMUX_demo_app",
        "object_kind": ObjectKind.RESOURCE,
        "severity": Severity.CRITICAL,
        "observed_at": 1_463_679_805_324,
        "customer_id": "Sirius Retail",
        "tier": "gold",
    }


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("tca-onset.json", "tca-abated.json"),
        ("measurement-violation.json", "measurement-abatement.json"),
        ("crossing-set.json", "crossing-clear.json"),
        ("fault-major.json", "fault-normal.json"),
    ],
)
def test_both_ends_come_under_one_id_and_are_told_apart(bad: str, good: str) -> None:
    """The canonical id holds the kind: who drops by the source's id alone would lose every abatement."""
    raised, abated = only(bad), only(good)
    assert raised.event_id == abated.event_id
    assert raised.identity() != abated.identity()
    assert (raised.kind, abated.kind) == (DegradationKind.RAISE, DegradationKind.ABATE)
    assert (raised.indicator, raised.object_id) == (abated.indicator, abated.object_id)


def test_milliseconds_in_a_microsecond_field_are_milliseconds() -> None:
    """The ONAP sample has 1492639920787 in `startEpochMicrosec`; the O-RAN sample means it."""
    assert only("measurement-violation.json").observed_at == ms(2017, 4, 19, 22, 12, 0) + 787
    assert only("fault-normal.json").observed_at == ms(2021, 12, 20, 7, 28, 53) + 218
    assert instant("1639985333218840") == instant(1_639_985_333_218)


def test_a_crossing_starts_at_its_rfc_2822_date() -> None:
    """Its source name is empty, and a major counter under a mild label is major."""
    event = only("crossing-set.json")
    assert event.observed_at == ms(2021, 12, 20, 7, 15, 0)
    assert (event.object_id, event.object_kind) == ("from-a-to-b", ObjectKind.SERVICE)
    assert (event.indicator, event.severity) == ("packetLoss", Severity.MAJOR)


def test_a_measurement_is_judged_by_its_threshold() -> None:
    """21000 packets are above 20000, 0 are not."""
    raised, abated = only("measurement-violation.json"), only("measurement-abatement.json")
    assert (raised.value, raised.threshold, raised.severity) == ("21000", "20000", Severity.CRITICAL)
    assert abated.value == "0"


def test_a_batch_gives_what_is_about_quality() -> None:
    """Of two events the fault is taken, the 3GPP alarm passed over."""
    event = only("fault-batch.json")
    assert (event.product_id, event.severity) == ("conference-5005", Severity.CRITICAL)


def test_an_unknown_object_is_no_products() -> None:
    """No customer is guessed."""
    payload = load("tca-onset.json")
    payload["AAI"]["generic-vnf.vnf-id"] = "nobody's"
    with pytest.raises(KeyError, match="nobody's"):
        list(degradations(payload))


def test_the_samples_are_played_as_of_now() -> None:
    """Only the time changes; every sample finds its product."""
    seen = set()
    for name in FILES:
        event = only(name)
        now = as_of(event, 1_790_000_000_000)
        assert now.observed_at == 1_790_000_000_000
        assert as_of(now, event.observed_at) == event
        seen.add(event.product_id)
    assert seen == {owned.product_id for owned in INVENTORY.values()}
