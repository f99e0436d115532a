"""Modify Status: the edges, and nothing else."""

from __future__ import annotations

import pytest

from qosresolve.core.processes.change_status import EDGES, move
from qosresolve.core.vocabulary import OPEN, Status
from tests.core.builders import Product


def test_closed_and_cancelled_are_ends() -> None:
    """Nothing leads away from the end, and every open status leads to cancelled."""
    assert not EDGES[Status.CLOSED] | EDGES[Status.CANCELLED]
    assert all(Status.CANCELLED in EDGES[status] for status in OPEN)


def test_an_illegal_edge_is_no_fact() -> None:
    """Whoever takes an edge that is not there made a mistake that must be heard."""
    product = Product()
    product.sample("10:00")
    with pytest.raises(ValueError, match="no edge"):
        move(product.report, Status.CLOSED, 0, reason="never")
