"""Manifests that follow from the tables: `make deploy-generate` writes them, a test compares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from qosresolve.kafka import strimzi
from qosresolve.kafka.acls import Role
from qosresolve.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPONENTS = DEPLOY / "kubernetes" / "components"
HEAD = "# Made by `make deploy-generate` from {}: change that, not this.\n"
CA = {"name": "kafka-ca", "mountPath": "/etc/qosresolve/ca", "readOnly": True}
KINDS = {Role.WORKER: "StatefulSet", Role.INTAKE: "StatefulSet", Role.TOPICS: "Job"}


def documents(source: str, values: Iterable[Any]) -> str:
    """Return YAML documents below a line that says what they were made from."""
    return HEAD.format(source) + yaml.safe_dump_all(values, sort_keys=False, width=110, explicit_start=True)


def credentials(role: Role) -> strimzi.Manifest:
    """Return the patch that has a role's pods come as its user, and trust the cluster's authority."""
    user = strimzi.user_name(role)
    secret = {"secretKeyRef": {"name": user, "key": "password"}}
    env = [
        {"name": "QOSRESOLVE_KAFKA__SASL_USERNAME", "value": user},
        {"name": "QOSRESOLVE_KAFKA__SASL_PASSWORD", "valueFrom": secret},
    ]
    kind = KINDS.get(role, "Deployment")
    container = {"name": "qosresolve", "env": env, "volumeMounts": [CA]}
    certificate = {"secretName": f"{strimzi.CLUSTER}-cluster-ca-cert", "items": [_item("ca.crt")]}
    pod = {"containers": [container], "volumes": [{"name": CA["name"], "secret": certificate}]}
    return {
        "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
        "kind": kind,
        "metadata": {"name": f"qosresolve-{role}"},
        "spec": {"template": {"spec": pod}},
    }


def _item(key: str) -> dict[str, str]:
    return {"key": key, "path": key}


def manifests() -> dict[Path, str]:
    """Return each generated file's text, with the default names."""
    settings, rights = Settings(), "qosresolve/kafka/acls.py"
    return {
        COMPONENTS / "strimzi/topics.yaml": documents("qosresolve/topics.py", strimzi.topics(settings)),
        COMPONENTS / "strimzi/users.yaml": documents(rights, strimzi.users(settings, strimzi.PODS)),
        COMPONENTS / "strimzi/credentials.yaml": documents(rights, map(credentials, strimzi.PODS)),
        COMPONENTS / "keda/user.yaml": documents("qosresolve/kafka/strimzi.py", [strimzi.scaler(settings)]),
    }


if __name__ == "__main__":
    for path, text in manifests().items():
        path.write_text(text, encoding="utf-8")
