"""The inventory by hand on a real broker: loaded, compared, shown, exported, and followed meanwhile."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from qosresolve.cli.inventory import control
from qosresolve.intake.loading.files import Loaded
from qosresolve.kafka.inventory import InventoryFeed, places
from qosresolve.kafka.inventory_writing import Writing
from qosresolve.kafka.reading import read_all
from qosresolve.settings import Settings
from tests.cli.conftest import Run
from tests.intake.relations import CONTRACTS, relation, written
from tests.kafka.harness import World, await_that, settings_for

Tool = Callable[..., Result]
ROWS = [f"r{number},P{number % 3},gold" for number in range(10)]


@pytest.fixture
def world(kafka_bootstrap: str, prefix: str) -> World:
    """The topics of one test."""
    return World(settings_for(kafka_bootstrap, prefix))


@pytest.fixture
def tool(cli: Run, world: World) -> Tool:
    """Run a command of `inventory`."""
    names = ("bootstrap_servers", "prefix", "group", "transactional_id_prefix")
    sets = [word for name in names for word in ("--set", f"{name}={getattr(world.settings, name)}")]
    return lambda *words: cli("inventory", *words, *sets)


def csv(folder: Path, *rows: str) -> str:
    file = folder / "relations.csv"
    file.write_text("\n".join(["object_id,product_id,tier", *rows]), encoding="utf-8")
    return str(file)


def told(result: Result, status: int = 0) -> Any:  # noqa: ANN401 - any JSON
    assert result.exit_code == status, (result.stdout, result.stderr)
    return json.loads(result.stdout)


def records(settings: Settings) -> list[tuple[bytes | None, bytes | None]]:
    return [(message.key(), message.value()) for message in read_all(settings, places(settings))]


def test_a_load_writes_what_differs_and_nothing_else(tool: Tool, world: World, tmp_path: Path) -> None:
    """First all, then nothing, then one; a dry run and a comparison tell it before, and write nothing."""
    file = csv(tmp_path, *ROWS)
    found = told(tool("load", file, "--dry-run", "--json"))
    assert (found["added"], found["written"], len(found["differences"])) == (10, False, 10)
    assert told(tool("diff", file, "--json"), 1)["added"] == 10
    assert records(world.settings) == []

    found = told(tool("load", file, "--json"))
    assert (found["added"], found["written"]) == (10, True)
    assert len(records(world.settings)) == 10
    found = told(tool("load", file, "--json"))
    assert (found["same"], found["written"]) == (10, False)
    assert tool("diff", file).exit_code == 0
    assert len(records(world.settings)) == 10

    file = csv(tmp_path, "r0,P0,silver", "r1,P1,gold")
    shown = tool("diff", file)
    assert shown.exit_code == 1
    assert "tier: gold → silver" in shown.stdout
    assert (
        "would be: 0 added, 1 changed, 0 removed; 1 are the same; 8 more on the topic are left"
        in shown.stdout
    )
    assert told(tool("load", file, "--json"))["changed"] == 1
    (*_, last) = records(world.settings)
    assert last == (b"r0/P0", written(relation("r0", "P0", tier="silver")))


def test_replacing_removes_what_is_not_in_the_files(tool: Tool, world: World, tmp_path: Path) -> None:
    """A fifth at once, more only when somebody says so; whoever follows sees all of it or nothing."""
    told(tool("load", csv(tmp_path, *ROWS), "--json"))
    feed = InventoryFeed(world.settings, CONTRACTS)
    await_that(lambda: feed.poll(0.1) or feed.ready, "end of the inventory")
    refused = tool("load", csv(tmp_path, *ROWS[:7]), "--replace")
    assert refused.exit_code == 2
    assert "3 of 10 relations (30 %)" in refused.stderr
    assert "remedy:" in refused.stderr
    assert len(records(world.settings)) == 10
    assert told(tool("load", csv(tmp_path, *ROWS[:9], "new,P9,"), "--replace", "--json"))["removed"] == 1
    file = csv(tmp_path, *ROWS[:7])
    assert told(tool("load", file, "--replace", "--yes", "--json"))["removed"] == 3
    changed: set[str] = set()

    def smaller() -> bool:
        changed.update(feed.poll(0.1))
        return len(feed.inventory) == 7

    await_that(smaller, "the smaller inventory")
    assert changed == {"r7", "r8", "r9", "new"}
    feed.close()
    assert told(tool("diff", file, "--replace", "--json"))["same"] == 7


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_loads_as_what_it_was(tool: Tool, world: World, tmp_path: Path, form: str) -> None:
    """Whatever a relation holds."""
    made = [relation('a "b", c', "P/1", tier="ü"), relation("a/b", "P2", owner_party="x", service_id="s")]
    with Writing(world.settings) as writing:
        writing.commit([(one.key, written(one)) for one in made], lambda _: None)
    exported = tool("export", "--format", form)
    assert exported.exit_code == 0
    file = tmp_path / f"out.{form}"
    file.write_text(exported.stdout, encoding="utf-8")
    assert told(tool("diff", str(file), "--replace", "--json"))["same"] == 2


def test_an_object_and_a_product_are_shown(tool: Tool, tmp_path: Path) -> None:
    """Everything that either rests on; 1 for what nobody knows, 2 for a question that is none."""
    told(tool("load", csv(tmp_path, "r1,P1,gold", "r1,P2,", "r1/x,P1,", "r2,P1,"), "--json"))
    assert [(one["object_id"], one["product_id"]) for one in told(tool("show", "r1", "--json"))] == [
        ("r1", "P1"),
        ("r1", "P2"),
    ]
    assert [one["object_id"] for one in told(tool("show", "--product", "P1", "--json"))] == [
        "r1",
        "r1/x",
        "r2",
    ]
    assert "gold" in tool("show", "r1").stdout
    nothing = tool("show", "r9")
    assert (nothing.exit_code, nothing.stdout) == (1, "nothing is known of object r9\n")
    assert tool("show").exit_code == 2
    assert tool("show", "r1", "--product", "P1").exit_code == 2


def test_what_cannot_be_read_stops_an_export_and_can_be_replaced(
    tool: Tool, world: World, tmp_path: Path
) -> None:
    """An export that leaves something out would remove it when it is loaded again."""
    with Writing(world.settings) as writing:
        writing.commit([("r1/P1", b"garbage"), ("stray", b"x")], lambda _: None)
    exported = tool("export")
    assert exported.exit_code == 70
    assert "'r1/P1'" in exported.stderr
    file = csv(tmp_path, "r1,P1,gold")
    assert "what lies there cannot be read" in tool("diff", file, "--replace").stdout
    found = told(tool("load", file, "--replace", "--yes", "--json"))
    assert (found["changed"], found["removed"]) == (1, 1)
    assert tool("export").stdout.splitlines()[1:] == ["r1,resource,P1,,gold,,,,"]


def test_tmf_files_are_loaded_together(tool: Tool, tmp_path: Path) -> None:
    """Products and services as their inventories export them."""
    products, services = tmp_path / "products.json", tmp_path / "services.json"
    products.write_text(
        json.dumps(
            [
                {"id": "P1", "@type": "Product", "realizingService": [{"id": "s1"}]},
                {"id": "P2", "@type": "Product"},
            ]
        )
    )
    services.write_text(json.dumps({"id": "s1", "@type": "Service", "supportingResource": [{"id": "r1"}]}))
    found = told(tool("load", str(products), str(services), "--json"))
    assert (found["added"], len(found["notes"])) == (2, 1)
    (shown,) = told(tool("show", "r1", "--json"))
    assert (shown["product_id"], shown["service_id"], shown["object_kind"]) == ("P1", "s1", "resource")


def test_a_load_that_another_one_overtook_writes_nothing(
    tool: Tool, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it compared with is not there any more."""
    compared = control._compared

    def overtaken(settings: Settings, wanted: Loaded, *, replace: bool) -> Any:  # noqa: ANN401 - as it is
        found = compared(settings, wanted, replace=replace)
        other = relation("other")
        with Writing(world.settings) as writing:
            writing.commit([(other.key, written(other))], lambda _: None)
        return found

    monkeypatch.setattr(control, "_compared", overtaken)
    result = tool("load", csv(tmp_path, *ROWS))
    assert result.exit_code == 75
    assert "run it again" in result.stderr
    assert [key for key, _ in records(world.settings)] == [b"other/P1"]
