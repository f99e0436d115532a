"""A product that anything may happen to keeps every promise that `invariants` states."""

from __future__ import annotations

from hypothesis import settings

from tests.core.machine import Counted, Machine, run

THOROUGH = 100  # examples of a test, from which on a profile is a thorough one
KINDS = ("sample", "event", "command", "finding", "answer", "deadline", "same id", "sent again")


def test_anything_may_happen() -> None:
    """Hundreds of inputs in the quick profile, thousands in the thorough one; more by `make properties`."""
    examples = settings().max_examples
    counted = Machine.counted = Counted()
    run(Machine, histories=examples // (2 if examples >= THOROUGH else 4), length=40)
    if examples >= THOROUGH:
        assert counted.inputs.total() > 2_000
        assert all(any(kind.startswith(name) for kind in counted.inputs) for name in KINDS)
