"""The rules under which the samples are read, by format."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from qosresolve.core.vocabulary import Severity
from qosresolve.intake.rules import Direction, Loop, Measured, Rules, Threshold
from qosresolve.intake.tca_policy import tca_policy

POLICY = Path(__file__).parent / "policies" / "onap-tca-gen2.json"

_PACKETS = "event.measurementFields.nicPerformanceArray[*].receivedTotalPacketsDelta"
_BY_LINK = Measured(
    "linkQuality",
    (
        Threshold(_PACKETS, Direction.GREATER, 1000, Severity.CRITICAL, member="nicIdentifier"),
        Threshold(_PACKETS, Direction.LESS, 200, Severity.MAJOR, abates=True, member="nicIdentifier"),
    ),
)
_RULES: Mapping[str, Rules] = {
    "ves": Rules(
        indicators={"cellThroughputLow": "throughput", "oneWayDelay": "latency"},
        units={"CPU_Usage": "%"},
        measurements=(*tca_policy(msgspec.json.decode(POLICY.read_bytes())), _BY_LINK),
        loops={"ControlLoop-vCPE-48f0c2c3-a172-4192-9ae3-052274181b6e": Loop("packetLoss", Severity.MAJOR)},
    ),
    "3gpp": Rules(
        indicators={"DRB.AirIfDelayDl": "latency", "QoE.Score": "qoe"},
        units={"latency": "ms", "DRB.UEThpDl": "kbit/s"},
        bad_below=frozenset({"qoe"}),
    ),
    "etsi-sol003-pm": Rules(units={"VCpuUsageMeanVnf": "%"}, bad_below=frozenset({"ByteOutgoingVnfExtCp"})),
    "onap-tca": Rules(loops={"ControlLoop-vDNS": Loop("packets", Severity.CRITICAL)}),
}


def rules_of(name: str) -> Rules:
    """Return the rules of a format's samples."""
    return _RULES.get(name, Rules())
