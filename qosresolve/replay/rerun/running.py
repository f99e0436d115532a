"""A whole replay: partitions side by side in processes of their own, and their findings together.

Findings lie in files until they are shown, so they take no memory here however many there are.
"""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from qosresolve.errors import FatalError, QosResolveError, RetriableError
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.reports import latest, partition_states, places
from qosresolve.replay.rerun import shadow
from qosresolve.replay.rerun.counts import Counts
from qosresolve.replay.rerun.judge import Finding
from qosresolve.replay.rerun.part import Task, Told, read, replay
from qosresolve.replay.rerun.question import Question
from qosresolve.settings import Settings
from qosresolve.topics import JOURNAL, POLICY

Prepare = Callable[[], None]  # run first in each process


@dataclass(slots=True)
class Outcome:
    """The result: numbers, and findings that are read from files whenever they are asked for."""

    counts: Counts = field(default_factory=Counts)
    seconds: float = 0.0
    files: list[Path] = field(default_factory=list)

    def findings(self) -> Iterator[Finding]:
        """Yield every finding, partition by partition."""
        for path in self.files:
            with path.open(encoding="utf-8") as file:
                yield from map(read, file)


@dataclass(frozen=True, slots=True)
class Failed:
    """What went wrong in a process, in a form that can leave it."""

    message: str
    passes: bool


@contextmanager
def replayed(
    settings: Settings,
    question: Question,
    *,
    jobs: int,
    prepare: Prepare,
    told: Told,
    into: Settings | None = None,
) -> Iterator[Outcome]:
    """Replay what is asked for and give the outcome, whose files last as long as the block.

    `jobs` 0 means all cores. Raises ConfigError without topics or with an unfit shadow, FatalError and
    RetriableError as reading does.
    """
    count = len(places(settings, JOURNAL))
    numbers = [number for number in range(count) if question.concerns(number)]
    if into is not None:
        shadow.prepare(settings, into)
    with tempfile.TemporaryDirectory(prefix="qosresolve-replay-") as folder:
        workers = max(1, min(jobs or os.cpu_count() or 1, len(numbers)))
        cached = max(1, settings.cached_cases // workers)
        known = tuple(latest(settings, places(settings, POLICY)).values())
        states = partition_states(settings, contracts_for(settings))
        tasks = [
            Task(settings, question, number, count, Path(folder), cached, known, states.get(number), into)
            for number in numbers
        ]
        began = time.monotonic()
        outcome = Outcome(files=[task.file for task in tasks])
        for counts in _all(tasks, workers, prepare, told):
            outcome.counts += counts
        outcome.seconds = time.monotonic() - began
        yield outcome


def _all(tasks: list[Task], workers: int, prepare: Prepare, told: Told) -> Iterator[Counts]:
    """Yield the counts of every task as it ends. Raises the first failure."""
    context = multiprocessing.get_context("spawn")  # a fork would inherit the clients' locks
    queue: Any = context.Queue()
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(queue, prepare))
    try:
        left = {pool.submit(_run, task) for task in tasks}
        while left:
            done, left = wait(left, timeout=0.1, return_when=FIRST_COMPLETED)
            _pass_on(queue, told)
            yield from map(_result, done)
        _pass_on(queue, told)
    finally:
        pool.shutdown(cancel_futures=True)


def _result(future: "Future[Counts | Failed]") -> Counts:
    try:
        result = future.result()
    except BrokenProcessPool:
        raise FatalError(
            "a process of the replay ended: killed for its memory? Try fewer --jobs, or less cached_cases"
        ) from None
    if isinstance(result, Failed):
        raise (RetriableError if result.passes else FatalError)(result.message)
    return result


def _pass_on(queue: Any, told: Told) -> None:  # noqa: ANN401 - a queue of the context's own class
    while True:
        try:
            told(*queue.get_nowait())
        except Empty:
            return


# -- in a process of its own

_queue: Any = None


def _begin(queue: Any, prepare: Prepare) -> None:  # noqa: ANN401 - as above
    global _queue  # noqa: PLW0603 - a process has one
    _queue = queue
    prepare()


def _run(task: Task) -> Counts | Failed:
    try:
        return replay(task, lambda *said: _queue.put(said))
    except QosResolveError as error:
        return Failed(str(error), isinstance(error, RetriableError))
