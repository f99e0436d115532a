"""How partitions are shared among members: sticky, balanced, and in two steps where one has to give up.

Scope: numbers of one topic's partitions. Who is asked, and when, is the group's.
"""

from collections.abc import Mapping

Shares = dict[str, frozenset[int]]


def balanced(owned: Mapping[str, frozenset[int]], partitions: int, *, lowest: bool = False) -> Shares:
    """Return everybody's share: as even as can be, moving as little as can be; `lowest` says what is kept."""
    members = sorted(owned, key=lambda member: (-len(owned[member]), member))
    if not members:
        return {}
    least, extra = divmod(partitions, len(members))
    kept: dict[str, set[int]] = {}
    free = set(range(partitions))
    for at, member in enumerate(members):
        quota = least + (at < extra)
        kept[member] = set(sorted(free & owned[member], reverse=not lowest)[:quota])
        free -= kept[member]
    left = sorted(free, reverse=True)  # the lowest is given out first
    for at, member in enumerate(members):
        while len(kept[member]) < least + (at < extra):
            kept[member].add(left.pop())
    return {member: frozenset(share) for member, share in kept.items()}


def cooperative(owned: Mapping[str, frozenset[int]], partitions: int) -> Shares:
    """Return the shares of this round: what another member still owns is given to nobody."""
    target = balanced(owned, partitions)
    held = frozenset[int]().union(*owned.values()) if owned else frozenset[int]()
    return {member: (share & owned[member]) | (share - held) for member, share in target.items()}
