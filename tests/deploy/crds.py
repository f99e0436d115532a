"""The definitions of the custom resources that the manifests use, from their makers' own packages.

`python -m tests.deploy.crds FOLDER JAVA` writes a YAML file each: Strimzi's are printed by its generator
(Maven), KEDA's and the Prometheus operator's lie in their Go modules. Fetched by `mvn` and `go`, pinned here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

STRIMZI = "1.2.0"
MODEL = "io.strimzi.api.kafka.model"
STRIMZI_KINDS = {
    "kafkatopics": f"{MODEL}.topic.KafkaTopic",
    "kafkausers": f"{MODEL}.user.KafkaUser",
    "kafkas": f"{MODEL}.kafka.Kafka",
    "kafkanodepools": f"{MODEL}.nodepool.KafkaNodePool",
}
KEDA = "github.com/kedacore/keda/v2@v2.21.0"
OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
IN_MODULES = {
    KEDA: (
        "config/crd/bases/keda.sh_scaledobjects.yaml",
        "config/crd/bases/keda.sh_triggerauthentications.yaml",
    ),
    OPERATOR: ("example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",),
}
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"


def fetch(folder: Path, java: Path) -> None:
    """Fill a folder with the definitions, whatever it held."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as place:
        _strimzi(folder, java, Path(place))
        for module, files in IN_MODULES.items():
            source = _module(module, Path(place))
            for file in files:
                (folder / Path(file).name).write_bytes((source / file).read_bytes())


def _strimzi(folder: Path, java: Path, place: Path) -> None:
    for name in ("crd-generator", "api"):
        artifact = f"-Dartifact=io.strimzi:{name}:{STRIMZI}"
        _run("mvn", "-q", "-B", "-C", COPY, artifact, f"-DoutputDirectory={place}")
    jars = f"{place}/crd-generator-{STRIMZI}.jar:{place}/api-{STRIMZI}.jar"
    wanted = [f"{kind}={folder / name}.yaml" for name, kind in STRIMZI_KINDS.items()]
    options = ["--yaml", "--target-kube", "1.27+", "--crd-api-version", "v1"]
    _run(str(java), "-cp", jars, "io.strimzi.crdgenerator.CrdGenerator", *options, *wanted)


def _module(module: str, place: Path) -> Path:
    """Return where a Go module's files lie; Go's checksum database vouches for them."""
    return Path(json.loads(_run("go", "mod", "download", "-json", module, cwd=place))["Dir"])


def _run(*command: str, cwd: Path | None = None) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd).stdout


if __name__ == "__main__":
    fetch(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
