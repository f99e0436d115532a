"""deploy/kubernetes, without its tools: what the manifests say of the product is so.

`make contracts-check` holds what they build to the schemas of Kubernetes and of the operators.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry

from qosresolve.kafka.clients import transactional_id
from qosresolve.settings import Settings
from qosresolve.telemetry import health
from qosresolve.topics import ANCHOR
from tests.deploy.generate import manifests
from tests.deploy.programs import (
    KUBERNETES,
    Program,
    Yaml,
    documents,
    of_kubernetes,
    parsed,
    pod_of,
    settings,
    variables_of,
    workloads,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "app.kubernetes.io/name"
FILES = sorted(KUBERNETES.rglob("*.yaml"))
BASE = [each for path in sorted((KUBERNETES / "base").glob("*.yaml")) for each in documents(path)]
COMMON = variables_of(KUBERNETES / "base/settings.env")
SECURED = COMMON | variables_of(KUBERNETES / "components/strimzi/settings.env")
PROGRAMS = list(of_kubernetes(BASE, COMMON))
ROLES = [each for each in workloads(BASE) if each["kind"] != "Job"]
[SCALED, *_] = documents(KUBERNETES / "components/keda/scaledobject.yaml")


def named(workload: Yaml) -> str:
    """For pytest: a workload's name."""
    return str(workload["metadata"]["name"])


def seconds(probe: Yaml) -> int:
    """How long a probe has to fail until something is done about it."""
    return int(probe["periodSeconds"]) * int(probe["failureThreshold"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(KUBERNETES)))
def test_every_file_is_yaml(path: Path) -> None:
    """And has something in it."""
    assert documents(path)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_the_program_takes_its_words_and_variables(program: Program) -> None:
    """A command that is not there, or a variable that names no setting, would end the pod."""
    parsed(program.words)
    settings(program.variables)
    settings(SECURED | program.variables)


def test_every_role_is_in_it() -> None:
    """Each role of `run`, and the job that makes the topics."""
    roles = {each.words[1] for each in PROGRAMS if each.words[0] == "run"}
    assert roles == {"worker", "timer", "intake", "auditor", "notify"}
    assert ("topics", "create") in {each.words for each in PROGRAMS}


def test_who_needs_a_slot_has_the_ordinal_of_its_pod() -> None:
    """Worker and intake have transactions: none begins without a slot that is the same at every start."""
    for workload in ROLES:
        [container] = pod_of(workload)["containers"]
        needs = container["args"][1] in ("worker", "intake")
        env = {each["name"]: each for each in container.get("env", [])}
        assert (workload["kind"] == "StatefulSet") is needs
        assert ("QOSRESOLVE_SLOT" in env) is needs
        if needs:
            field = env["QOSRESOLVE_SLOT"]["valueFrom"]["fieldRef"]["fieldPath"]
            assert field == "metadata.labels['apps.kubernetes.io/pod-index']"
            assert transactional_id(Settings(slot="7")).endswith("7")


@pytest.mark.parametrize("workload", ROLES, ids=named)
def test_a_stop_may_take_longer_than_a_transaction(workload: Yaml) -> None:
    """What is under way is committed, not left for the brokers to end."""
    limit = settings(COMMON).transaction_timeout_ms / 1_000
    assert pod_of(workload)["terminationGracePeriodSeconds"] >= 2 * limit


@pytest.mark.parametrize("workload", ROLES, ids=named)
def test_the_watchdog_comes_before_the_probe(workload: Yaml) -> None:
    """A hung process ends itself and says where; Kubernetes waits that long at least."""
    [container] = pod_of(workload)["containers"]
    assert seconds(container["livenessProbe"]) * 1_000 >= settings(COMMON).watchdog_ms
    assert seconds(container["startupProbe"]) >= 60


def test_probes_ask_what_is_served() -> None:
    """Every path that a probe asks for is answered, on the port that the image sets."""
    watched = health.Health()
    watched.begin("worker")
    watched.beat("worker", ready=True)
    port = health.serve(watched, CollectorRegistry(), "127.0.0.1", 0)
    dockerfile = (KUBERNETES.parent / "Dockerfile").read_text(encoding="utf-8")
    for workload in ROLES:
        [container] = pod_of(workload)["containers"]
        [listens] = container["ports"]
        assert f"QOSRESOLVE_HTTP_PORT={listens['containerPort']}" in dockerfile
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            asked = container[kind]["httpGet"]
            assert asked["port"] == listens["name"]
            with urlopen(f"http://127.0.0.1:{port}{asked['path']}") as answer:
                assert answer.status == 200


@pytest.mark.parametrize("workload", list(workloads(BASE)), ids=named)
def test_a_pod_may_do_nothing_that_it_need_not(workload: Yaml) -> None:
    """The `restricted` standard, files that are read only, no token, no variables of Kubernetes' own."""
    pod = pod_of(workload)
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False  # QOSRESOLVE_WORKER_PORT would be no setting
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        allowed = container["securityContext"]
        assert allowed["readOnlyRootFilesystem"] is True
        assert allowed["allowPrivilegeEscalation"] is False
        assert allowed["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]


def selectors(value: Any) -> Iterator[dict[str, str]]:  # noqa: ANN401 - any YAML
    """Yield what chooses pods of ours by their labels, wherever it stands."""
    if isinstance(value, list):
        for each in value:
            yield from selectors(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            chosen = (
                each.get("matchLabels", each) if key.endswith("elector") and isinstance(each, dict) else {}
            )
            if chosen.get(NAME) == "qosresolve":
                yield chosen
            yield from selectors(each)


def unmatched(found: list[Yaml]) -> list[dict[str, str]]:
    """What chooses no pod at all."""
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in workloads(found)]
    return [
        chosen for chosen in selectors(found) if not any(chosen.items() <= each.items() for each in labels)
    ]


def test_what_chooses_pods_finds_some() -> None:
    """Services, budgets, spreads and policies name labels that pods have."""
    assert len(list(selectors(BASE))) > 20
    assert unmatched(BASE) == []
    broken = copy.deepcopy(BASE)
    budget = next(each for each in broken if each["kind"] == "PodDisruptionBudget")
    budget["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"] = "timers"
    assert len(unmatched(broken)) == 1


def test_the_network_lets_out_what_the_settings_ask_for() -> None:
    """The brokers' ports, without and with passwords; the Alertmanager's; in, the port that is served."""
    whole, notify = documents(KUBERNETES / "base/network.yaml")
    [names, brokers] = whole["spec"]["egress"]
    assert {each["port"] for each in names["ports"]} == {53}
    asked = {int(settings(each).bootstrap_servers.rpartition(":")[2]) for each in (COMMON, SECURED)}
    assert {each["port"] for each in brokers["ports"]} == asked
    [teller] = [each for each in PROGRAMS if each.words == ("run", "notify")]
    [to] = notify["spec"]["egress"]
    assert {each["port"] for each in to["ports"]} == {urlsplit(settings(teller.variables).notify_url).port}
    [inwards] = whole["spec"]["ingress"]
    served = {port["name"] for each in ROLES for port in pod_of(each)["containers"][0]["ports"]}
    assert {each["port"] for each in inwards["ports"]} == served
    [monitor] = documents(KUBERNETES / "components/monitoring/podmonitor.yaml")
    assert {each["port"] for each in monitor["spec"]["podMetricsEndpoints"]} == served


def test_partition_counts_agree() -> None:
    """The settings, the topics that Strimzi makes, and the most workers: one count, the table's default."""
    count = settings(COMMON).partitions
    made = documents(KUBERNETES / "components/strimzi/topics.yaml")
    [anchor] = [each for each in made if each["spec"]["topicName"] == ANCHOR.name]
    assert anchor["spec"]["partitions"] == count == Settings().partitions
    assert SCALED["spec"]["maxReplicaCount"] <= count
    assert SCALED["spec"]["minReplicaCount"] <= SCALED["spec"]["maxReplicaCount"]


def test_lag_is_that_of_the_anchor() -> None:
    """The scaler looks at the group and the topic that the workers have."""
    [trigger] = SCALED["spec"]["triggers"]
    assert trigger["metadata"]["topic"] == ANCHOR.name
    assert trigger["metadata"]["consumerGroup"] == settings(COMMON).group
    assert trigger["metadata"]["bootstrapServers"] == settings(SECURED).bootstrap_servers


@pytest.mark.parametrize(("path", "text"), manifests().items(), ids=lambda item: getattr(item, "name", ""))
def test_generated_manifests_are_what_the_tables_say(path: Path, text: str) -> None:
    """`make deploy-generate` writes them."""
    assert path.read_text(encoding="utf-8") == text, f"{path} differs: make deploy-generate"


def test_a_changed_table_is_noticed() -> None:
    """The comparison itself: with another count, the text is another."""
    from qosresolve.kafka import strimzi  # noqa: PLC0415 - only here

    usual, other = (list(strimzi.topics(Settings(partitions=count))) for count in (12, 6))
    assert usual != other
