"""Who commits what (9): looked at where the group takes a transaction's offsets and where it settles them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.violation import expect

if TYPE_CHECKING:
    from tests.simulation.groups import Group, Offsets
    from tests.simulation.membership import GroupMetadata
    from tests.simulation.transactions import Place


class Generations:
    """The generation that last committed each partition; it only ever rises."""

    def __init__(self, group: Group) -> None:
        self._held: dict[int, tuple[GroupMetadata, Offsets]] = {}
        self._last: dict[Place, int] = {}
        self._hold, self._settle = group.hold, group.settle
        group.hold = self.hold  # type: ignore[method-assign] # watched from here on
        group.settle = self.settle  # type: ignore[method-assign]

    def hold(self, by: GroupMetadata, producer_id: int, offsets: Offsets) -> None:
        """Take a transaction's offsets, and note who brings them."""
        self._hold(by, producer_id, offsets)
        expect("9", by.generation >= 0 and by.member, f"{by.member or 'nobody'} commits without a generation")
        self._held[producer_id] = (by, dict(offsets))

    def settle(self, producer_id: int, *, commit: bool) -> None:
        """End a transaction."""
        held = self._held.pop(producer_id, None)
        self._settle(producer_id, commit=commit)
        if held is None or not commit:
            return
        by, offsets = held
        for place in offsets:
            last = self._last.get(place, -1)
            expect("9", by.generation >= last, f"generation {by.generation} commits {place} after {last}")
            self._last[place] = by.generation
