"""TCA policies: what becomes of ONAP's own, and how one that cannot be followed is refused."""

import copy
from typing import Any

import msgspec
import pytest

from qosresolve.core.vocabulary import Severity
from qosresolve.errors import ConfigError
from qosresolve.intake.rules import Direction, Rules
from qosresolve.intake.tca_policy import tca_policy
from tests.intake.golden_rules import POLICY

HIGH, LOW = "CL-FRWL-HIGH-TRAFFIC-SIG-EA36FE84-9342-5E13-A656-EC5F21309A09", "CL-FRWL-LOW-TRAFFIC-SIG-"
ONE = {
    "metricsPerEventName": [
        {
            "eventName": "vRouter",
            "thresholds": [
                {
                    "closedLoopControlName": "CL-1",
                    "closedLoopEventStatus": "ONSET",
                    "fieldPath": "$.event.measurementFields.x",
                    "thresholdValue": "5",
                    "direction": "greater",
                    "severity": "MAJOR",
                }
            ],
        }
    ]
}


def test_onap_policy() -> None:
    """ONAP's own policy is read whole: six kinds of events of both domains; one name has two entries."""
    found = tca_policy(msgspec.json.decode(POLICY.read_bytes()))
    assert [one.event_name for one in found] == [
        "Mfvs_eNodeB_RANKPI", "vLoadBalancer", "virtualVMEventName", "vFirewallBroadcastPackets",
        "vLoadBalancer", "Measurement_vGMUX",
    ]  # fmt: skip
    assert len(Rules(measurements=found).thresholds["vLoadBalancer"]) == 3


def test_loops_that_share_a_path_are_told_apart() -> None:
    """Low and high traffic are two things, though both are told by the same field."""
    first = tca_policy(msgspec.json.decode(POLICY.read_bytes()))[0]
    names = [one.indicator for one in first.thresholds]
    assert names[1:] == [HIGH, HIGH]
    assert names[0].startswith(LOW)


def test_one_policy() -> None:
    """A single object is a policy too; numbers may be texts, words in any case."""
    (threshold,) = tca_policy(ONE)[0].thresholds
    assert threshold.path == "event.measurementFields.x"
    assert (threshold.direction, threshold.value, threshold.severity) == (
        Direction.GREATER,
        5,
        Severity.MAJOR,
    )
    assert (threshold.abates, threshold.loop, threshold.indicator) == (False, "CL-1", "")


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("fieldPath", "$.other", "measurementFields"),
        ("direction", "SIDEWAYS", "GREATER_OR_EQUAL"),
        ("thresholdValue", "much", "number"),
        ("severity", "bad", "CRITICAL"),
        ("closedLoopEventStatus", "MAYBE", "ABATED"),
    ],
)
def test_a_policy_that_cannot_be_followed(field: str, value: str, wanted: str) -> None:
    """A wrong field is named with its place, what is there, and what should be."""
    policy: dict[str, Any] = copy.deepcopy(ONE)
    policy["metricsPerEventName"][0]["thresholds"][0][field] = value
    with pytest.raises(ConfigError, match=value.replace("$", r"\$")) as refused:
        tca_policy([policy])
    assert refused.value.setting == f"TCA policy[0].metricsPerEventName[0].thresholds[0].{field}"
    assert wanted in refused.value.remedy


@pytest.mark.parametrize(
    "policy",
    [
        None,
        [],
        {"metricsPerEventName": []},
        {"metricsPerEventName": [{"eventName": "x"}]},
        {"metricsPerEventName": [{"thresholds": [{}]}]},
        {"metricsPerEventName": [{"eventName": "x", "thresholds": [7]}]},
    ],
)
def test_what_is_no_policy(policy: object) -> None:
    """What has no events, names or thresholds is refused, with a remedy."""
    with pytest.raises(ConfigError) as refused:
        tca_policy(policy)
    assert refused.value.remedy
