"""What valgrind says is read."""

import pytest

from tests.bench.instructions import instructions

TOLD = """==7== Cachegrind, a cache and branch-prediction profiler
4000 0.1
==7==
==7== I refs:        14,361,947,672
"""


def test_the_count_is_read() -> None:
    """Commas and all."""
    assert instructions(TOLD) == 14_361_947_672


def test_without_a_count_it_says_what_was_told() -> None:
    """A valgrind that died is no event of no instructions."""
    with pytest.raises(RuntimeError, match="no count: killed"):
        instructions("killed")
