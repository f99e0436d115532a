"""The official parser takes the AsyncAPI document, and refuses broken copies of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from qosresolve.topics import TOPICS
from tests.docs.generated import DOCS
from tests.support.tools import tool

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contracts
Document = dict[str, Any]


def parsed(*documents: Path) -> subprocess.CompletedProcess[str]:
    """Return what the parser says of documents."""
    script = tool("asyncapi/validate.mjs")
    command = ["node", str(script), *map(str, documents)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603


def test_the_official_parser_takes_the_document() -> None:
    """No error and no warning; every channel and every operation is counted, every payload read as Avro."""
    done = parsed(DOCS / "asyncapi.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    document = yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
    counted = f"{len(TOPICS)} channels, {len(document['operations'])} operations"
    assert counted in done.stdout


def to_no_channel(document: Document, _: Path) -> None:
    document["operations"]["worker.receive.degradation"]["channel"]["$ref"] = "#/channels/degradations"


def to_no_schema(document: Document, _: Path) -> None:
    document["components"]["messages"]["deadline"]["payload"]["schema"]["$ref"] = "./schemas/deadlines.avsc"


def no_avro(_: Document, folder: Path) -> None:
    (folder / "schemas" / "deadline.avsc").write_text(
        json.dumps({"type": "record", "name": "Deadline"}), "utf-8"
    )


def neither_sent_nor_received(document: Document, _: Path) -> None:
    document["operations"]["worker.receive.degradation"]["action"] = "take"


def no_number_of_partitions(document: Document, _: Path) -> None:
    document["channels"]["degradation"]["bindings"]["kafka"]["partitions"] = "twelve"


BROKEN = {
    to_no_channel: "operations.worker.receive.degradation",
    to_no_schema: "components.messages.deadline.payload",
    no_avro: "messages.deadline",
    neither_sent_nor_received: "operations.worker.receive.degradation",
    no_number_of_partitions: "channels.degradation.bindings.kafka",
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what the parser says of each broken copy; it is started once, for that takes longest."""
    folders = {broken.__name__: tmp_path_factory.mktemp(broken.__name__) for broken in BROKEN}
    for broken in BROKEN:
        _break(broken, folders[broken.__name__])
    done = parsed(*(folder / "asyncapi.yaml" for folder in folders.values()))
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    return {
        name: "\n".join(line.removeprefix(str(folder)) for line in lines if line.startswith(f"{folder}/"))
        for name, folder in folders.items()
    }


def _break(broken: Callable[[Document, Path], None], folder: Path) -> None:
    shutil.copytree(DOCS / "schemas", folder / "schemas")
    document = yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
    broken(document, folder)
    (folder / "asyncapi.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_broken_copy_is_refused(broken: Callable[[Document, Path], None], refused: dict[str, str]) -> None:
    """So the test above has teeth: what is wrong is named by its place."""
    said = refused[broken.__name__]
    assert f"error: {BROKEN[broken]}" in said or f"error: components.{BROKEN[broken]}" in said, said
