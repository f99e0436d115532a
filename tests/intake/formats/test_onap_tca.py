"""Alarms of ONAP's control loops: target, times, and what the loop watches."""

from typing import Any

import pytest

from qosresolve.core.vocabulary import DegradationKind, ObjectKind, Severity
from qosresolve.errors import PoisonRecordError
from qosresolve.intake.formats import onap_tca
from qosresolve.intake.reading import Mark, Observation
from qosresolve.intake.rules import Loop, Rules

AT = 1_463_679_805_324
LOOP = "ControlLoop-vCPE-48f0c2c3-a172-4192-9ae3-052274181b6e"
ALARM = {
    "closedLoopControlName": LOOP,
    "closedLoopEventStatus": "ONSET",
    "closedLoopAlarmStart": AT,
    "requestID": "r-1",
    "target": "generic-vnf.vnf-id",
    "AAI": {"generic-vnf.vnf-id": "vgmux", "vserver.prov-status": "ACTIVE"},
    "from": "DCAE",
}
OVER: dict[str, Any] = {"closedLoopEventStatus": "ABATED", "closedLoopAlarmEnd": AT + 60_000}


def told(rules: Rules | None = None, **changes: Any) -> Observation:  # noqa: ANN401 - any JSON
    """Return what an alarm says, with some fields changed."""
    (said,) = onap_tca.read({**ALARM, **changes}, rules or Rules()).observations
    return said


def test_onset_and_abated_are_one_thing() -> None:
    """They share request and indicator; the start counts for one, the end for the other."""
    bad, good = told(), told(**OVER)
    assert (bad.source_id, bad.indicator, bad.cause_id) == (good.source_id, good.indicator, good.cause_id)
    assert (bad.kind, bad.observed_at) == (DegradationKind.RAISE, AT)
    assert (good.kind, good.observed_at) == (DegradationKind.ABATE, AT + 60_000)


def test_an_abatement_without_an_end_is_not_as_old_as_its_onset() -> None:
    """Its start is that of the onset; so it has no time of its own, and that is marked."""
    said = told(closedLoopEventStatus="ABATED")
    assert (said.observed_at, said.marks) == (0, (Mark.TIME_ASSUMED,))


@pytest.mark.parametrize("name", [LOOP, "ControlLoop-vCPE"])
def test_a_loop_that_the_rules_know(name: str) -> None:
    """The rules say what a loop watches and how bad it is, by its full name or without the UUID."""
    said = told(Rules(loops={name: Loop("packetLoss", Severity.CRITICAL)}))
    assert (said.indicator, said.severity, said.marks) == ("packetLoss", Severity.CRITICAL, ())


def test_a_loop_that_nobody_knows() -> None:
    """It is an indicator by its own name, without the UUID of the deployment; its severity is assumed."""
    said = told(Rules(assumed=Severity.MINOR))
    assert (said.indicator, said.severity) == ("ControlLoop-vCPE", Severity.MINOR)
    assert said.marks == (Mark.SEVERITY_ASSUMED,)


@pytest.mark.parametrize(
    ("target", "fields", "objects"),
    [
        ("generic-vnf.vnf-name", {"vserver.vserver-name": "s", "generic-vnf.vnf-name": "v"}, ("v", "s")),
        ("vserver.vserver-name", {"vserver.vserver-name": "s", "generic-vnf.vnf-name": "v"}, ("s", "v")),
        ("vserver.vserver-name", {"vserver": {"vserver-name": "s"}}, ("s",)),
        ("", {"pnf.pnf-name": "p"}, ("p",)),
        ("link.name", {"link.name": "l"}, ("l",)),
    ],
)
def test_the_target_names_a_field(target: str, fields: dict[str, Any], objects: tuple[str, ...]) -> None:
    """`target` is the name of a field of AAI, dotted or nested; other names of it stand behind."""
    assert told(target=target, AAI=fields).objects == objects


def test_a_service_is_a_service() -> None:
    """A target of a service instance is a service, any other a resource."""
    name = "service-instance.service-instance-id"
    assert told(target=name, AAI={name: "s-1"}).object_kind is ObjectKind.SERVICE
    assert told().object_kind is ObjectKind.RESOURCE


@pytest.mark.parametrize(
    "changes", [{"AAI": {}}, {"closedLoopControlName": ""}, {"closedLoopEventStatus": None}]
)
def test_what_names_nothing_is_refused(changes: dict[str, Any]) -> None:
    """Without loop, status or target an alarm says nothing: refused, with the fields to fill."""
    with pytest.raises(PoisonRecordError) as refused:
        onap_tca.read({**ALARM, **changes}, Rules())
    assert refused.value.remedy
