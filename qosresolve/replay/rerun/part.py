"""One partition replayed from its topics, in whatever process: what it needs, and where its findings lie."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from qosresolve.contracts.policy.file import read_canonical
from qosresolve.contracts.records import Contracts
from qosresolve.core.partition import PartitionState
from qosresolve.errors import FatalError, PoisonRecordError
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.policies import PolicyBook
from qosresolve.kafka.staging import Control, Shared
from qosresolve.kafka.windows import Windows
from qosresolve.kafka.wire import contracts_for
from qosresolve.kafka.worker import edge_of
from qosresolve.replay.rerun.cases import Cases
from qosresolve.replay.rerun.counts import Counts
from qosresolve.replay.rerun.differences import EntryDifference, Line, Unprovable, line_of, plain
from qosresolve.replay.rerun.judge import Finding, Judge
from qosresolve.replay.rerun.partition import Recorded, Rerun
from qosresolve.replay.rerun.question import ANY, Bound, Question
from qosresolve.replay.rerun.shadow import Shadow
from qosresolve.replay.rerun.stepping import one_for_all, quiet
from qosresolve.replay.rerun.streams import Streams, TopicInputs
from qosresolve.settings import Settings
from qosresolve.topics import JOURNAL, Names

TELL_S = 0.2
Told = Callable[[int, int, int], None]  # partition, offsets of its journal read, and expected


@dataclass(frozen=True, slots=True)
class Task:
    """What a process is given: a partition of so many, a folder for findings.

    `policies` are the records of the policy topic, `state` what the partition remembers by now, `into` the
    settings of who writes a shadow.
    """

    settings: Settings
    question: Question
    number: int
    partitions: int
    folder: Path
    cached: int
    policies: tuple[bytes, ...] = ()
    state: PartitionState | None = None
    into: Settings | None = None

    @property
    def file(self) -> Path:
        """Return the file of the findings, one JSON a line."""
        return self.folder / f"{self.number}.jsonl"


def replay(task: Task, told: Told) -> Counts:
    """Replay a partition and write its findings. Raises FatalError, RetriableError, ConfigError."""
    streams = Streams(task.settings)
    try:
        with task.file.open("w", encoding="utf-8") as file:
            return _Part(task, streams, file).run(told)
    finally:
        streams.close()


class _Part:
    """The run of one task."""

    def __init__(self, task: Task, streams: Streams, file: TextIO) -> None:
        self._task = task
        self._streams = streams
        self._file = file
        names = Names(task.settings.prefix)
        self._journal: Place = (names.of(JOURNAL), task.number)
        inputs = [(topic, task.number) for topic in names.inputs]
        self._first = streams.first_offsets([self._journal, *inputs])
        # The journal's first: whatever it speaks of lies below the ends of the inputs.
        self._ends = streams.end_offsets([self._journal]) | streams.end_offsets(inputs)
        self._contracts = contracts_for(task.settings)
        self._cases = Cases(self._contracts, task.cached)
        self._judge = Judge(self._since(), self._cases.get, self._write, shortened=self._shortened)
        self._shadow = (
            None if task.into is None else Shadow(task.settings, task.into, self._contracts, self._cases)
        )
        self._rerun = self._made(names)

    @property
    def _shortened(self) -> bool:
        return self._first[self._journal] > 0

    def _made(self, names: Names) -> Rerun:
        task, shadow = self._task, self._shadow
        shared = _shared(task, names, self._contracts)
        made = Rerun(
            task.number,
            shared if shadow is not None else quiet(shared),
            self._cases,
            self._judge,
            TopicInputs(self._streams, task.number, self._first, self._ends),
            sent=None if shadow is None else lambda taken: shadow.send(made, taken),
        )
        return made

    def _since(self) -> Question:
        """Return the question with a beginning: where none is asked for, all inputs that are left.

        Each input topic loses its oldest records when it comes to that: the range begins where all are.
        """
        question = self._task.question
        if question.since != ANY:
            return question
        cut = [
            place
            for place, first in self._first.items()
            if place != self._journal and 0 < first < self._ends[place]
        ]
        if not cut:
            return question
        heads = Streams(self._task.settings)
        try:
            heads.add({place: self._first[place] for place in cut}, self._ends)
            found = [message for place in cut if (message := heads.head(place)) is not None]
        finally:
            heads.close()
        return replace(question, since=Bound(at=max(message.timestamp()[1] for message in found)))

    def run(self, told: Told) -> Counts:
        """Read the journal, up to the end of the range."""
        self._streams.add({self._journal: self._first[self._journal]}, self._ends)
        first, expected = self._first[self._journal], self._ends[self._journal] - self._first[self._journal]
        next_tell, began = time.monotonic(), False
        while (message := self._streams.head(self._journal)) is not None:
            self._streams.pop(self._journal)
            recorded = Recorded(message.offset() or 0, message.value() or b"")
            if not began:
                began = True
                self._begin(recorded)
            if not self._take(recorded):
                break
            if (now := time.monotonic()) >= next_tell:
                next_tell = now + TELL_S
                told(self._task.number, recorded.offset - first, expected)
        self._rerun.finish()
        if self._shadow is not None:
            self._shadow.close(self._rerun)
        told(self._task.number, expected, expected)
        return self._judge.counts

    def _take(self, recorded: Recorded) -> bool:
        try:
            return self._rerun.take(recorded)
        except PoisonRecordError as error:
            raise FatalError(
                f"the journal at {'/'.join(map(str, self._journal))}/{recorded.offset} cannot be read "
                f"({error}); see docs/runbooks/unreadable-state.md"
            ) from error

    def _begin(self, recorded: Recorded) -> None:
        """Where the journal's beginning is gone, learn from the partition record which windows held then."""
        if not self._shortened:
            return
        at = self._contracts.read_head(recorded.value).now
        state = self._task.state
        if state is not None:
            self._rerun.control_from(Control("", Windows(_windows(state, at))))

    def _write(self, finding: Finding) -> None:
        self._file.write(json.dumps(_tree(finding)) + "\n")


def _windows(state: PartitionState, at: int) -> list[Any]:
    """Return the windows that were known at an instant, those that were lifted since not yet lifted."""
    return [
        replace(window, lifted_at=None) if window.lifted_at is not None and window.lifted_at >= at else window
        for window in state.windows
        if window.entered_at < at
    ]


def _shared(task: Task, names: Names, contracts: Contracts) -> Shared:
    if task.question.policy is not None:
        policies = one_for_all(read_canonical(task.question.policy))
    else:
        book = PolicyBook(task.settings, contracts)
        for value in task.policies:
            book.learn(value)
        policies = book.policies
    edge = edge_of(task.settings)
    return Shared(task.partitions, names, contracts, policies, task.cached, 1, 0.0, edge=edge)


def _tree(finding: Finding) -> dict[str, Any]:
    if isinstance(finding, Line):
        return {"line": plain(finding)}
    name = "entry" if isinstance(finding, EntryDifference) else "unprovable"
    return {name: asdict(finding)}


def read(text: str) -> Finding:
    """Return a finding from its line in a task's file."""
    tree: dict[str, Any] = json.loads(text)
    ((name, told),) = tree.items()
    if name == "line":
        return line_of(told)
    return EntryDifference(**told) if name == "entry" else Unprovable(**told)
