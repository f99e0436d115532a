"""What docs/ has from the code is as the code is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qosresolve import errors
from qosresolve.settings import Settings
from qosresolve.telemetry import catalogue
from qosresolve.telemetry import metrics as telemetry
from tests.docs import generated
from tests.docs.markdown import page
from tests.docs.reference import exit_codes, headings
from tests.docs.reference.commands import walk
from tests.docs.reference.fields import told, type_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.fixture(scope="module")
def texts() -> Mapping[str, str]:
    return generated.texts()


def test_every_generated_file_is_as_the_code(texts: Mapping[str, str]) -> None:
    """`make docs-reference` would change, add and remove nothing."""
    assert generated.outdated(texts) == []


def test_what_differs_is_noticed(texts: Mapping[str, str], tmp_path: Path) -> None:
    """A page that was changed by hand, one that is missing, and one that nothing makes any more."""
    generated.write(texts, tmp_path)
    assert generated.outdated(texts, tmp_path) == []
    changed, missing, left = (
        tmp_path / name for name in ("asyncapi.yaml", "reference/cli.md", "reference/old.md")
    )
    changed.write_text(changed.read_text("utf-8").replace("qos.command.v1", "qos.command.v2"), "utf-8")
    missing.unlink()
    left.write_text("# Old\n", "utf-8")
    assert generated.outdated(texts, tmp_path) == ["asyncapi.yaml", "reference/cli.md", "reference/old.md"]
    generated.write(texts, tmp_path)
    assert not left.exists()


def test_the_same_whatever_the_environment_says(
    texts: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages show the defaults, not the settings of whoever makes them."""
    monkeypatch.setenv("QOSRESOLVE_PARTITIONS", "7")
    monkeypatch.setenv("QOSRESOLVE_GROUP", "mine")
    assert generated.texts() == texts


def test_every_setting_is_there_with_its_variable(texts: Mapping[str, str]) -> None:
    """And with a description."""
    for name, field in Settings.model_fields.items():
        assert f"| `{name}` | `QOSRESOLVE_{name.upper()}` |" in texts["reference/settings.md"]
        assert field.description


def test_every_role_tells_its_metrics(texts: Mapping[str, str]) -> None:
    """Names as Prometheus reads them, known values of a label, and the alerts with their runbooks."""
    kinds = {kind.__name__ for kind in catalogue.roles()}
    assert {"WorkerMetrics", "TimerMetrics", "AuditorMetrics", "IntakeMetrics"} <= kinds
    page = texts["reference/metrics.md"]
    assert "| `qosresolve_records_total` | counter |" in page
    assert ", ".join(telemetry.OUTCOMES) in page
    assert "(../runbooks/dead-letters.md)" in page


def test_every_command_has_help_and_example(texts: Mapping[str, str]) -> None:
    """Groups have a heading too."""
    page = texts["reference/cli.md"]
    for command in walk():
        assert f"# {command.name}\n" in page
        if not command.below:
            assert f"```bash\n{command.name}" in page


def test_an_exit_status_that_nobody_explains_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each status that an error ends with is in the table of the runbooks."""
    assert set(exit_codes.raised()) == {2, 70, 75}
    monkeypatch.setattr(errors.FatalError, "exit_code", 71)
    with pytest.raises(LookupError, match="71"):
        exit_codes.page()


def test_a_link_to_a_heading_that_is_gone_is_refused() -> None:
    """Headings of pages that are written by hand are found by how they begin."""
    assert headings.link("tmf.md", "Activity").endswith("(../tmf.md#activity-tmf701-taskflow)")
    with pytest.raises(LookupError, match="Nothing"):
        headings.link("tmf.md", "Nothing")


@pytest.mark.parametrize(
    ("doc", "meaning", "names"),
    [
        (
            "Status (TMF621 status; cleared is resolved there).",
            "Status.",
            "TMF621 status; cleared is resolved there",
        ),
        (
            "Ends (its due_at is TMF621 x) or not (TMF656 y).",
            "Ends or not.",
            "its due_at is TMF621 x; TMF656 y",
        ),
        ("In brackets (without such a name).", "In brackets (without such a name).", ""),
    ],
)
def test_names_of_tm_forum_are_taken_out_of_brackets(doc: str, meaning: str, names: str) -> None:
    """What stands there for other reasons stays."""
    assert told(doc) == (meaning, names)


def test_types_are_in_words() -> None:
    """Nullable, lists, instants, and links to what has a name."""
    assert type_of(["null", {"type": "long", "logicalType": "timestamp-millis"}]) == "instant or null"
    assert type_of({"type": "array", "items": "qosresolve.v1.Clock"}) == "list of [Clock](types.md#clock)"
    assert type_of("qosresolve.v1.ReportOpened") == "[ReportOpened](facts.md#reportopened)"
    assert type_of("qosresolve.v1.MaintenanceWindow") == "[MaintenanceWindow](schemas.md#maintenance-window)"


def test_a_page_that_help_names_becomes_a_link() -> None:
    """But not inside of a link, or of code."""
    text = page("T", "code", "See docs/tmf.md, `docs/tmf.md`, [docs](docs/tmf.md).")
    assert "See [docs/tmf.md](../tmf.md), `docs/tmf.md`, [docs](docs/tmf.md)." in text
