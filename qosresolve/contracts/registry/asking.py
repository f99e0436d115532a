"""Asking a registry for a bounded time.

The HTTP library bounds every read, not the whole: an answer that trickles would hold the loop for minutes.
So each question has a thread of its own, and who waited for long enough goes on without the answer; a late
one is there when the same question is asked again.
"""

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

T = TypeVar("T")

ANSWER_S = 6.0  # the client's two tries of two seconds, and its pause between them
LOST_S = 60.0  # an answer that took longer is given up, and the question asked anew


class Asking:
    """Questions that are under way."""

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = ANSWER_S if seconds is None else seconds
        self._under_way: dict[Hashable, tuple[float, Future[Any]]] = {}
        self._lock = threading.Lock()

    def ask(self, what: Hashable, call: Callable[[], T]) -> T:
        """Return what a call returns, or raise what it raises. Raises TimeoutError when it takes too long."""
        now = time.monotonic()
        with self._lock:
            since, answer = self._under_way.get(what) or (now, None)
            if answer is None or now - since > LOST_S:
                since, answer = self._under_way[what] = now, _started(call)
        wait((answer,), self._seconds)
        if not answer.done():
            raise TimeoutError(f"no whole answer within {self._seconds:.0f} s")
        with self._lock:
            self._under_way.pop(what, None)
        result: T = answer.result()
        return result


def _started(call: Callable[[], T]) -> Future[T]:
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            answer.set_exception(error)

    threading.Thread(target=run, name="schema-registry", daemon=True).start()
    return answer
