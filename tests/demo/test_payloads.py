"""Public payloads, as they would be sent now, are events of the inventory's products, traps included."""

import json
from importlib.resources import files

import pytest

from qosresolve.core.vocabulary import DegradationKind
from qosresolve.demo.payloads import INVENTORY, as_of, load, source_of
from qosresolve.intake import detect, rules_file
from qosresolve.intake.reading import Observation

NOW = 1_790_000_000_000
RULES = rules_file.load(
    files("qosresolve.demo").joinpath("demo_intake.yaml").read_text(encoding="utf-8"), "demo_intake.yaml"
)
FILES = (
    "tca-onset.json", "tca-abated.json", "measurement-violation.json", "measurement-abatement.json",
    "crossing-set.json", "crossing-clear.json", "fault-major.json", "fault-normal.json", "fault-batch.json",
)  # fmt: skip


def only(name: str) -> Observation:
    """The one observation of a payload that is sent now."""
    payload = json.dumps(as_of(load(name), NOW)).encode()
    (seen,) = detect.read("auto", [], payload, RULES).observations
    return seen


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("tca-onset.json", "tca-abated.json"),
        ("measurement-violation.json", "measurement-abatement.json"),
        ("crossing-set.json", "crossing-clear.json"),
        ("fault-major.json", "fault-normal.json"),
    ],
)
def test_both_ends_are_of_one_indicator_and_object(bad: str, good: str) -> None:
    """What is raised is abated: the same indicator of the same object."""
    raised, abated = only(bad), only(good)
    assert (raised.kind, abated.kind) == (DegradationKind.RAISE, DegradationKind.ABATE)
    assert (raised.indicator, raised.objects) == (abated.indicator, abated.objects)


@pytest.mark.parametrize("name", FILES)
def test_it_is_sent_now_and_the_inventory_knows_it(name: str) -> None:
    """Microseconds and milliseconds in their fields are now; one of its names is in the inventory."""
    seen = only(name)
    assert seen.observed_at in (NOW, 0), "an abatement of ONAP's TCA has no time of its own"
    assert any(known in INVENTORY for known in seen.objects)
    assert source_of(load(name)) in seen.objects


def test_every_product_of_the_inventory_has_a_payload() -> None:
    """The demonstration promises a report from each."""
    seen = {known for name in FILES for known in only(name).objects if known in INVENTORY}
    assert seen == set(INVENTORY)
