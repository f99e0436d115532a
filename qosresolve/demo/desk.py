"""A party that is asked for work: what every one of them does with a request, a reminder and a cancel.

How long it takes is the party's own `Pace`; who finds what is the business of the modules that use a desk.
"""

from collections.abc import Callable
from dataclasses import dataclass

from qosresolve.core.inputs import Answer, Finding
from qosresolve.core.requests import Action, ActivityRequest, SupplierRequest, TroubleRequest
from qosresolve.core.vocabulary import AnswerState
from qosresolve.demo.agenda import Agenda
from qosresolve.demo.cast import Temper
from qosresolve.demo.post import Outbox, wall_ms
from qosresolve.topics import Topic

Work = ActivityRequest | TroubleRequest | SupplierRequest


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds to `accepted` and from there to `resolved`; `promised` is told with the former."""

    accept: float = 0.5
    resolve: float = 2.5
    promised: float | None = None
    silent: bool = False
    when_reminded: bool = False


PACES = {
    Temper.PROMPT: Pace(),
    Temper.SLOW: Pace(accept=1.4, resolve=6.0),
    Temper.LATE: Pace(accept=0.4, resolve=9.0, promised=25.0, when_reminded=True),
    Temper.SILENT: Pace(silent=True),
}


@dataclass(slots=True)
class Task:
    """One request on the desk."""

    work: Work
    pace: Pace
    finding: Callable[[], Finding] | None
    done: Callable[[], None] | None
    begun: bool = False
    ended: bool = False


class Desk:
    """Answers on one topic, each request once."""

    def __init__(self, agenda: Agenda, post: Outbox, topic: Topic) -> None:
        self._agenda = agenda
        self._post = post
        self._topic = topic
        self._tasks: dict[str, Task] = {}

    def take(
        self,
        work: Work,
        pace: Pace,
        *,
        finding: Callable[[], Finding] | None = None,
        done: Callable[[], None] | None = None,
    ) -> None:
        """Take a request, or what follows it; `done` is called when the work has ended well."""
        task = self._tasks.setdefault(work.request_id, Task(work, pace, finding, done))
        if task.pace.silent or task.ended:
            return
        match work.action:
            case Action.REQUEST if not task.pace.when_reminded:
                self._begin(task)
            case Action.REMIND:
                self._begin(task)
            case Action.CANCEL:
                self._agenda.after(0.3, lambda: self._end(task, AnswerState.CANCELLED))
            case Action.UPDATE if work.context.reason == "restored":
                self._agenda.after(0.5, lambda: self._end(task, AnswerState.RESOLVED))
            case _:
                pass

    def _begin(self, task: Task) -> None:
        if task.begun:
            return
        task.begun = True
        self._agenda.after(task.pace.accept, lambda: self._accept(task))
        self._agenda.after(task.pace.accept + task.pace.resolve, lambda: self._resolve(task))

    def _accept(self, task: Task) -> None:
        if not task.ended:
            promised = task.pace.promised
            expected = None if promised is None else wall_ms() + int(promised * 1_000)
            self._answer(task, AnswerState.ACCEPTED, expected_at=expected)

    def _resolve(self, task: Task) -> None:
        if not task.ended:
            finding = task.finding() if task.finding else None
            self._end(task, AnswerState.RESOLVED, finding)
            if task.done is not None:
                task.done()

    def _end(self, task: Task, state: AnswerState, finding: Finding | None = None) -> None:
        if not task.ended:
            task.ended = True
            self._answer(task, state, finding=finding)

    def _answer(
        self,
        task: Task,
        state: AnswerState,
        *,
        expected_at: int | None = None,
        finding: Finding | None = None,
    ) -> None:
        work = task.work
        answer = Answer(
            product_id=work.context.product_id,
            answer_id=f"{work.request_id}-{state}",
            obligation_id=work.request_id,
            state=state,
            at=wall_ms(),
            party=_party(work),
            external_id=f"ext-{work.request_id[:8]}",
            expected_at=expected_at,
            finding=finding,
        )
        self._post.answer(self._topic, answer)


def _party(work: Work) -> str:
    match work:
        case SupplierRequest():
            return work.party
        case TroubleRequest():
            return "serviceAssurance"
        case ActivityRequest():
            return ""
