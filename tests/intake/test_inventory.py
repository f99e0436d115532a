"""The inventory: what was put is found, what was removed is not, whatever the ids look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.errors import FatalError
from qosresolve.intake.inventory import Inventory, Relation
from tests.intake.relations import CONTRACTS, relation, written


def filled(*relations: Relation, cached: int = 100) -> Inventory:
    inventory = Inventory(CONTRACTS, cached)
    for each in relations:
        inventory.put(each.key, written(each))
    return inventory


def test_an_object_is_found_with_all_its_products() -> None:
    """One event each: they come in the products' order, whatever the order in which they were put."""
    made = [relation("r1", product, tier="gold") for product in ("P3", "P1", "P2")]
    inventory = filled(*made)
    assert inventory.relations(("r1",)) == (made[1], made[2], made[0])
    assert (len(inventory), list(inventory.objects())) == (3, ["r1"])


def test_the_first_name_that_is_known_counts() -> None:
    """An interface is more specific than the node that it is on."""
    node, port = relation("node"), relation("node:eth0", "P2")
    inventory = filled(node, port)
    assert inventory.relations(("node:eth0", "node")) == (port,)
    assert inventory.relations(("node:eth1", "node")) == (node,)
    assert inventory.relations(("neither", "")) == ()
    assert inventory.relations(()) == ()
    assert inventory.knows("node")
    assert not inventory.knows("neither")


def test_a_change_is_told_and_taken() -> None:
    """What is parked for an object comes back when something of it is new, other or gone, and only then."""
    inventory = Inventory(CONTRACTS)
    one, other = relation(), relation(tier="gold")
    assert inventory.put(one.key, written(one)) == ("r1",)
    assert inventory.relations(("r1",)) == (one,)
    assert inventory.put(one.key, written(one)) == ()
    assert inventory.put(other.key, written(other)) == ("r1",)
    assert inventory.relations(("r1",)) == (other,)
    assert inventory.put(one.key, None) == ("r1",)
    assert inventory.put(one.key, None) == ()
    assert inventory.relations(("r1",)) == ()
    assert (len(inventory), inventory.knows("r1")) == (0, False)


def test_a_key_that_can_be_cut_in_two_ways() -> None:
    """`a/b/c` is one record: whoever wrote it last says of which ids, and a tombstone removes just that."""
    early, late = relation("a", "b/c"), relation("a/b", "c")
    inventory = filled(early)
    assert inventory.relations(("a",)) == (early,)
    assert set(inventory.put(late.key, written(late))) == {"a", "a/b"}
    assert (inventory.relations(("a",)), inventory.relations(("a/b",))) == ((), (late,))
    assert len(inventory) == 1
    assert inventory.put(late.key, None) == ("a/b",)
    assert len(inventory) == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("r1/P1", b"garbage"),
        ("r1/P1", written(relation("r2"))),
        ("r1/", written(relation("r1", ""))),
        ("r1/a/b", b"garbage"),
        ("no-slash", written(relation())),
        ("", b""),
    ],
)
def test_a_record_that_cannot_be_used_stops(key: str, value: bytes) -> None:
    """Left out, it would take events from a product in silence; the message names key and remedy."""
    inventory = Inventory(CONTRACTS)

    def look() -> None:
        inventory.put(key, value)
        inventory.relations((key.partition("/")[0],))

    with pytest.raises(FatalError, match="inventory load FILE") as stopped:
        look()
    assert repr(key) in str(stopped.value)


def test_what_is_decoded_is_bounded() -> None:
    """The oldest is let go, by the number of relations; it is read again when it is asked for."""
    made = [relation(f"r{number}", product) for number in range(10) for product in ("P1", "P2")]
    inventory = filled(*made, cached=6)
    for number in range(10):
        assert len(inventory.relations((f"r{number}",))) == 2
    assert list(inventory._decoded) == ["r7", "r8", "r9"]
    assert inventory._decoded_count == 6
    assert inventory.relations(("r0",)) == (made[0], made[1])
    inventory.put("r0/P1", None)
    assert (list(inventory._decoded), inventory._decoded_count) == (["r8", "r9"], 4)


IDS = st.text("ab/", min_size=1, max_size=4)
PUTS = st.lists(st.tuples(IDS, IDS, st.sampled_from(["", "gold", None])), max_size=30)


@given(PUTS)
def test_it_is_what_a_compacted_topic_holds(puts: list[tuple[str, str, str | None]]) -> None:
    """The last value of every key, by object; and each put tells every object that it changed."""
    inventory, topic = Inventory(CONTRACTS, 3), dict[str, Relation]()
    for object_id, product_id, tier in puts:
        before = by_object(topic)
        made = relation(object_id, product_id, tier=tier or "")
        if tier is None:
            topic.pop(made.key, None)
        else:
            topic[made.key] = made
        told = inventory.put(made.key, None if tier is None else written(made))
        after = by_object(topic)
        assert set(told) == {name for name in before | after if before.get(name) != after.get(name)}
        assert {name: inventory.relations((name,)) for name in inventory.objects()} == after
        assert len(inventory) == len(topic)
    assert {
        key: CONTRACTS.read_as("inventory", Relation, value) for key, value in inventory.records()
    } == topic


def by_object(topic: dict[str, Relation]) -> dict[str, tuple[Relation, ...]]:
    found: dict[str, list[Relation]] = {}
    for each in sorted(topic.values(), key=lambda item: item.product_id):
        found.setdefault(each.object_id, []).append(each)
    return {name: tuple(rows) for name, rows in found.items()}
