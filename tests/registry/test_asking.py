"""A registry is asked for a bounded time."""

import threading
import time

import pytest

from qosresolve.contracts.registry import asking
from qosresolve.contracts.registry.asking import Asking
from tests.kafka.harness import await_that


def test_what_is_answered_is_returned_or_raised() -> None:
    """As if it were called."""

    def refuse() -> None:
        raise KeyError("why")

    asked = Asking()
    assert asked.ask("a", lambda: 7) == 7
    with pytest.raises(KeyError, match="why"):
        asked.ask("b", refuse)


class Slow:
    """An answer that comes when it is let go."""

    def __init__(self) -> None:
        self.times = 0
        self.free = threading.Event()
        self.done = threading.Event()

    def __call__(self) -> str:
        """Wait, then answer."""
        self.times += 1
        self.free.wait(30)
        self.done.set()
        return "late"


def test_nobody_waits_for_what_trickles() -> None:
    """The HTTP library bounds each read alone; here the whole is bounded, whatever the answer does."""
    slow, asked = Slow(), Asking(0.05)
    began = time.monotonic()
    with pytest.raises(TimeoutError, match="no whole answer"):
        asked.ask("schema 7", slow)
    assert time.monotonic() - began < 5
    slow.free.set()


def test_a_late_answer_is_there_for_who_asks_again() -> None:
    """A line on which an answer takes longer than anybody waits is still passed; no question is doubled."""
    slow, asked = Slow(), Asking(0.05)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            asked.ask("schema 7", slow)
    assert asked.ask("schema 8", lambda: "quick") == "quick"
    slow.free.set()
    await_that(slow.done.is_set, "the answer")
    assert asked.ask("schema 7", slow) == "late"
    assert slow.times == 1


def test_a_question_that_is_lost_is_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that never ends must not outlast the registry's return."""
    slow, asked = Slow(), Asking(0.05)
    with pytest.raises(TimeoutError):
        asked.ask("schema 7", slow)
    monkeypatch.setattr(asking, "LOST_S", 0.0)
    assert asked.ask("schema 7", lambda: "anew") == "anew"
    slow.free.set()
