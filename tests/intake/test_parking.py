"""What waits: queues keep their order, an overlay changes nothing before it is accepted."""

from hypothesis import given
from hypothesis import strategies as st

from qosresolve.intake.parking import Lot, Overlay, Queue, Waiting

A: Queue = ("probe", "a")
B: Queue = ("probe", "b")


def waiting(key: str, order: int, queue: Queue = A, parked_at: int = 0) -> Waiting:
    """Return one that waits for the object of its queue."""
    return Waiting(key, order, parked_at, "unknownObject", "", queue, (queue[1], "host"), b"")


def keys(items: object) -> list[str]:
    return [item.key for item in items]  # type: ignore[attr-defined]


def test_a_restored_lot_is_in_order() -> None:
    """Compaction moves a record that was written again to the end: its order, not its place, counts."""
    lot = Lot([waiting("3", 3), waiting("1", 1), waiting("2", 2)])
    assert keys(lot.queues[A]) == ["1", "2", "3"]
    assert lot.next_order == 4


def test_an_overlay_is_nothing_before_it_is_accepted() -> None:
    """A batch that is dropped leaves the lot as it was."""
    lot = Lot([waiting("1", 0)])
    overlay = Overlay(lot)
    overlay.put(waiting("2", overlay.order()))
    overlay.remove(waiting("1", 0))
    assert (keys(overlay.of(A)), keys(lot.queues[A])) == (["2"], ["1"])
    assert overlay.find("1") is None
    assert Overlay(lot).find("2") is None
    overlay.accept()
    assert keys(lot.queues[A]) == ["2"]
    assert lot.next_order == 2


def test_what_waits_is_found_by_any_of_its_names() -> None:
    """The inventory may learn of the least specific name: all that have it look again."""
    lot = Lot([waiting("1", 0, A), waiting("2", 1, B)])
    assert lot.awaiting(["a"]) == {A}
    assert lot.awaiting(["host"]) == {A, B}
    lot.replace(A, ())
    assert lot.awaiting(["a", "host"]) == {B}


def test_what_is_overdue_is_told_the_oldest_first() -> None:
    """A queue is overdue by its first member; what came behind it later is not."""
    lot = Lot([waiting("1", 0, A, 20), waiting("2", 1, A, 90), waiting("3", 2, B, 10)])
    assert lot.overdue(50) == [B, A]
    assert lot.overdue(15) == [B]
    assert lot.oldest == 10


@given(st.lists(st.tuples(st.sampled_from(["put", "first", "any"]), st.integers(0, 3)), max_size=40))
def test_queues_are_always_in_order_and_counted(steps: list[tuple[str, int]]) -> None:
    """Whatever is put and removed, in however many batches, each queue has its members by order, once."""
    lot, known = Lot(), 0
    overlay = Overlay(lot)
    for what, at in steps:
        queue = (A, B)[at % 2]
        if what == "put":
            overlay.put(waiting(str(known), overlay.order(), queue))
            known += 1
        elif items := list(overlay.of(queue)):
            overlay.remove(items[0] if what == "first" else items[at % len(items)])
        if at == 3:
            overlay.accept()
            overlay = Overlay(lot)
    overlay.accept()
    for members in lot.queues.values():
        orders = [item.order for item in members]
        assert orders == sorted(set(orders))
    assert len(lot) == overlay.size == sum(map(len, lot.queues.values()))
    assert all(lot.find(item.key) is item for item in lot)
