"""The inventory by hand: files are understood or refused before anything is asked of Kafka."""

import json
from pathlib import Path

import pytest

from qosresolve.cli.inventory import control
from qosresolve.cli.inventory.comparing import Difference, compare
from qosresolve.errors import ConfigError
from qosresolve.intake.inventory import Relation
from tests.cli.conftest import Run
from tests.intake.relations import CONTRACTS, relation, written


def by_key(*relations: Relation) -> dict[str, Relation]:
    return {one.key: one for one in relations}


def lying(*relations: Relation) -> dict[str, bytes]:
    return {one.key: written(one) for one in relations}


# -- files


def test_a_wrong_file_exits_2_and_tells_all_of_it(cli: Run, tmp_path: Path) -> None:
    """No broker is needed to say so; programs get the parts."""
    file = tmp_path / "r.csv"
    file.write_text("object_id,product_id\n,P1\nr1,\n", encoding="utf-8")
    for command in ("load", "diff"):
        result = cli("inventory", command, str(file))
        assert result.exit_code == 2
        assert result.stdout.splitlines() == [
            f"{file}:2: object_id: empty; name it, or leave the row out",
            f"{file}:3: product_id: empty; name it, or leave the row out",
            "refused: 2 problems, nothing was written",
        ]
        told = json.loads(cli("inventory", command, str(file), "--json").stdout)
        assert not told["ok"]
        assert told["problems"][0] == {
            "file": str(file),
            "line": 2,
            "what": "",
            "field": "object_id",
            "problem": "empty",
            "remedy": "name it, or leave the row out",
        }


def test_of_very_many_problems_the_first_are_shown(cli: Run, tmp_path: Path) -> None:
    """How many there are is told, and where they all are."""
    file = tmp_path / "r.csv"
    file.write_text("object_id,product_id\n" + "r1,\n" * 70, encoding="utf-8")
    lines = cli("inventory", "load", str(file)).stdout.splitlines()
    assert (len(lines), lines[-2]) == (52, "... and 20 more; --json tells all")
    assert len(json.loads(cli("inventory", "load", str(file), "--json").stdout)["problems"]) == 70


def test_a_file_that_cannot_be_read_exits_2(cli: Run, tmp_path: Path) -> None:
    """Not there, or not UTF-8: by name, with the line and the remedy."""
    result = cli("inventory", "load", str(tmp_path / "none.csv"))
    assert (result.exit_code, "none.csv: No such file" in result.stderr) == (2, True)
    file = tmp_path / "latin.csv"
    file.write_bytes("object_id,product_id\nr1,P1\nMünchen,P2\n".encode("latin-1"))
    result = cli("inventory", "load", str(file))
    assert result.exit_code == 2
    assert "latin.csv: line 3 is not UTF-8" in result.stderr
    assert "remedy:" in result.stderr


# -- differences


def test_what_differs_is_told_by_relation() -> None:
    """New, other and the same; what is on the topic alone is left unless the files are all there is."""
    same, old, new, alone = relation("s"), relation("o"), relation("o", tier="gold"), relation("alone")
    stored, wanted = lying(same, old, alone), by_key(same, new, relation("n"))
    found = compare(stored, wanted, CONTRACTS, replace=False)
    assert [*found.changes()] == [("n/P1", written(relation("n"))), ("o/P1", written(new))]
    assert (found.same, found.left, found.before) == (1, 1, {"o/P1": old})
    found = compare(stored, wanted, CONTRACTS, replace=True)
    assert ([*found.changes()][-1], len(found), found.left) == (("alone/P1", None), 3, 0)


def test_what_nobody_can_read_is_replaced() -> None:
    """By what the files say, or by nothing."""
    stored = {"r1/P1": b"garbage", "x": b"", "r1/P2": written(relation())}  # the last belongs elsewhere
    found = compare(stored, by_key(relation()), CONTRACTS, replace=True)
    assert [*found.changes()] == [("r1/P1", written(relation())), ("x", None), ("r1/P2", None)]
    assert found.before == {"r1/P1": None, "x": None, "r1/P2": None}


@pytest.mark.parametrize(
    ("removed", "yes", "refused"), [(20, False, False), (21, False, True), (100, True, False)]
)
def test_more_than_a_fifth_is_not_removed_unasked(removed: int, yes: bool, refused: bool) -> None:
    """Half an export would take the other half of the customers out of sight."""
    found = Difference(100, removed=[str(number) for number in range(removed)])
    if not refused:
        control._agreed(found, yes=yes)
        return
    with pytest.raises(ConfigError, match=r"21 of 100 relations \(21 %\)") as error:
        control._agreed(found, yes=yes)
    assert "--yes" in error.value.remedy
