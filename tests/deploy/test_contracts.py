"""What is in deploy/, held to the validators of those who made the formats; each refuses a broken copy.

Run by `make contracts-check`, which fetches them.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from tests.deploy import validators
from tests.deploy.programs import DEPLOY, KUBERNETES, Yaml, of_kubernetes, parsed, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.contracts

BUILT = ("base", "overlays/dev", "overlays/prod", "kafka")
Break = tuple[str, "Callable[[Yaml], object]"]


def one(manifests: list[Yaml], kind: str) -> Yaml:
    """The first manifest of a kind, of a copy that may be broken."""
    return copy.deepcopy(next(each for each in manifests if each["kind"] == kind))


def pod(workload: Yaml) -> Yaml:
    """The pod of a workload."""
    found: Yaml = workload["spec"]["template"]["spec"]
    return found


# What is broken of a manifest of the prod overlay, by its kind: a wrong name, type or value, or nothing.
BREAKS: dict[str, Break] = {
    "a misspelt field": ("StatefulSet", lambda it: pod(it).update(terminationGracePeriod=45)),
    "a text for a number": ("StatefulSet", lambda it: pod(it).update(terminationGracePeriodSeconds="45 s")),
    "no selector": ("Deployment", lambda it: it["spec"].pop("selector")),
    "a budget of its own invention": ("PodDisruptionBudget", lambda it: it["spec"].update(most=1)),
    "a policy of three directions": ("NetworkPolicy", lambda it: it["spec"].update(policyTypes=7)),
    "a topic with half a partition": ("KafkaTopic", lambda it: it["spec"].update(partitions=0.5)),
    "a topic with a misspelt field": ("KafkaTopic", lambda it: it["spec"].update(replica=3)),
    "a right that Kafka has not": (
        "KafkaUser",
        lambda it: it["spec"]["authorization"]["acls"][0].update(operations=["Look"]),
    ),
    "an old way to say a right": (
        "KafkaUser",
        lambda it: it["spec"]["authorization"]["acls"][0].update(operation="Read"),
    ),
    "an old version of Strimzi's": ("KafkaUser", lambda it: it.update(apiVersion="kafka.strimzi.io/v1beta2")),
    "a scaler without triggers": ("ScaledObject", lambda it: it["spec"].pop("triggers")),
    "a scaler's misspelt most": ("ScaledObject", lambda it: it["spec"].update(maxReplicas=12)),
    "a secret without a parameter": (
        "TriggerAuthentication",
        lambda it: it["spec"]["secretTargetRef"][0].pop("parameter"),
    ),
    "a monitor of nothing": ("PodMonitor", lambda it: it["spec"].pop("selector")),
    "a monitor's misspelt interval": (
        "PodMonitor",
        lambda it: it["spec"]["podMetricsEndpoints"][0].update(interval="often"),
    ),
}


@pytest.fixture(scope="module")
def prod() -> list[Yaml]:
    """What overlays/prod builds."""
    return validators.kustomize(KUBERNETES / "overlays/prod")


@pytest.mark.parametrize("folder", BUILT)
def test_kustomize_builds_what_kubernetes_and_the_operators_take(folder: str, tmp_path: Path) -> None:
    """Every manifest fits the schema of its kind, with no field beside it."""
    manifests = validators.kustomize(KUBERNETES / folder)
    assert manifests
    assert validators.kubernetes(manifests, tmp_path) == ""


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_manifest_is_refused(what: str, prod: list[Yaml], tmp_path: Path) -> None:
    """The validators themselves: each kind, broken, is refused, and whole it is not."""
    kind, wreck = BREAKS[what]
    manifest = one(prod, kind)
    assert validators.kubernetes([manifest], tmp_path) == ""
    wreck(manifest)
    assert validators.kubernetes([manifest], tmp_path) != ""


def test_a_kind_that_nobody_defines_is_refused(prod: list[Yaml], tmp_path: Path) -> None:
    """A misspelt kind is no kind that is not looked at."""
    manifest = one(prod, "KafkaTopic") | {"kind": "KafkaTopics"}
    assert "not defined" in validators.kubernetes([manifest], tmp_path)


def test_what_is_not_there_does_not_build(tmp_path: Path) -> None:
    """Kustomize itself: a resource that is missing ends the build."""
    (tmp_path / "kustomization.yaml").write_text("resources: [worker.yaml]\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"worker\.yaml"):
        validators.kustomize(tmp_path)


@pytest.mark.parametrize("folder", ["overlays/dev", "overlays/prod"])
def test_an_overlay_leaves_programs_that_start(folder: str) -> None:
    """After all patches: words and variables that the program takes, all its rights' users, one namespace."""
    manifests = validators.kustomize(KUBERNETES / folder)
    [common] = [
        each["data"] for each in manifests if each["metadata"]["name"].startswith("qosresolve-settings")
    ]
    for program in of_kubernetes(manifests, common):
        parsed(program.words)
        found = settings(program.variables)
        secured = "security.protocol" in found.kafka
        assert found.kafka.get("sasl.username") == (program.name if secured else None)
    spaces = {each["metadata"].get("namespace") for each in manifests if each["kind"] != "Namespace"}
    assert len(spaces) == 1


def test_users_are_those_of_the_pods(prod: list[Yaml]) -> None:
    """Whoever a pod comes as is a KafkaUser, and the secret that it reads is that user's."""
    users = {each["metadata"]["name"] for each in prod if each["kind"] == "KafkaUser"}
    asked = set()
    for each in prod:
        if "template" in each.get("spec", {}) and "containers" in each["spec"]["template"].get("spec", {}):
            env = {item["name"]: item for item in pod(each)["containers"][0]["env"]}
            secret = env["QOSRESOLVE_KAFKA__SASL_PASSWORD"]["valueFrom"]["secretKeyRef"]["name"]
            assert secret == env["QOSRESOLVE_KAFKA__SASL_USERNAME"]["value"]
            asked.add(secret)
    assert users == asked | {"qosresolve-scaler"}


def test_who_is_scaled_has_no_count(prod: list[Yaml]) -> None:
    """Applying the manifest again must not set back what KEDA decided."""
    scaled = one(prod, "ScaledObject")["spec"]["scaleTargetRef"]["name"]
    [target] = [each for each in prod if each["metadata"]["name"] == scaled and each["kind"] == "StatefulSet"]
    assert "replicas" not in target["spec"]


def test_compose_takes_its_file() -> None:
    """The loader of `docker compose`; test_compose.py looks at what it refers to."""
    assert validators.compose(DEPLOY / "compose.yaml") == ""


@pytest.mark.parametrize(
    ("whole", "broken"),
    [
        ("mem_limit: 1536m", "memory_limit: 1536m"),
        ("condition: service_completed_successfully", "condition: service_done"),
        ("stop_grace_period: 45s", "stop_grace_period: [45s]"),
        ("    image: apache/kafka:4.3.1", "    image: {name: apache/kafka:4.3.1}"),
    ],
)
def test_compose_refuses_a_broken_file(whole: str, broken: str, tmp_path: Path) -> None:
    """A misspelt key, a condition that is none, a list and a mapping in the place of a text."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert whole in text
    file = tmp_path / "compose.yaml"
    file.write_text(text.replace(whole, broken), encoding="utf-8")
    assert validators.compose(file) != ""


def test_prometheus_takes_the_configuration_of_compose(tmp_path: Path) -> None:
    """With the rules that it names; one that names rules which are not there is refused."""
    source = DEPLOY / "prometheus/prometheus.yaml"
    assert validators.prometheus(source) == ""
    alone = tmp_path / source.name
    alone.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    assert "alerts.yaml" in validators.prometheus(alone)


def test_hadolint_finds_nothing() -> None:
    """Not even a matter of style."""
    assert validators.hadolint(DEPLOY / "Dockerfile") == ""


@pytest.mark.parametrize(
    ("whole", "broken", "rule"),
    [
        ("FROM ${BASE} AS build", "FROM python AS build", "DL3006"),
        ("WORKDIR /source", "WORKDIR source", "DL3000"),
        ('ENTRYPOINT ["qosresolve"]', "ENTRYPOINT qosresolve", "DL3025"),
        ("USER 10001:10001", "USER root", "DL3002"),
    ],
)
def test_hadolint_refuses_a_broken_file(whole: str, broken: str, rule: str, tmp_path: Path) -> None:
    """A base without a tag, a relative folder, a shell between signals and program, root."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert whole in text
    file = tmp_path / "Dockerfile"
    file.write_text(text.replace(whole, broken), encoding="utf-8")
    assert rule in validators.hadolint(file)
