"""Freed memory that the C library keeps is given back."""

import ctypes
import os

import pytest

from qosresolve.kafka.memory import give_back
from tests.bench.whole.measuring import resident_mb

PIECES, PIECE = 2_000, 50_000  # small enough to lie in the heap, and not on pages of their own


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="only glibc keeps what is freed")
def test_what_was_freed_below_a_piece_that_is_kept_is_given_back() -> None:
    """The heap shrinks by itself only from its end; what is free below that is given back when asked."""
    held = [bytearray(PIECE) for _ in range(PIECES)]
    kept = held[::50]
    del held
    before = resident_mb(os.getpid())
    give_back()
    assert before - resident_mb(os.getpid()) > PIECES * PIECE / 2**20 / 2
    assert len(kept) == PIECES / 50
