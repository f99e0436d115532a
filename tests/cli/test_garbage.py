"""The collector does not stop a worker whose cache fills."""

import gc
from collections.abc import Iterator

import pytest

from qosresolve.cli.run import garbage, roles
from qosresolve.errors import ConfigError
from qosresolve.settings import load


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def _generations(count: int) -> list[int]:
    """Return the generations that are collected while so many objects come to stay."""
    seen: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    gc.callbacks.append(note)
    try:
        kept = [[number] for number in range(count)]
    finally:
        gc.callbacks.remove(note)
    assert len(kept) == count
    return seen


def test_no_full_collection_while_a_cache_fills() -> None:
    """As it is by default there are some; the young ones go on, for cycles are still made."""
    gc.unfreeze()
    assert 2 in _generations(600_000)
    garbage.settle()
    assert set(_generations(600_000)) == {0, 1}


def test_what_dies_young_is_found() -> None:
    """A cycle is freed without anybody asking for a collection."""

    class Knot:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            gone.append(1)

    gone: list[int] = []
    garbage.settle()
    Knot()
    _generations(2 * garbage.YOUNG)
    assert gone


def test_every_process_that_runs_roles_is_set_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything else of a role."""

    def stop(*_: object) -> None:
        assert gc.get_threshold() == (garbage.YOUNG, garbage.MIDDLE, garbage.OLD)
        raise ConfigError("enough", setting="x", remedy="y")

    monkeypatch.setattr(roles, "_check", stop)
    with pytest.raises(ConfigError, match="enough"):
        roles.run_roles(load(), ["worker"])
