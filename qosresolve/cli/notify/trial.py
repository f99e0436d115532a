"""One sample escalation to the receiver, and what came back."""

import json
import time
from dataclasses import dataclass

from qosresolve.cli.output import dump, line
from qosresolve.contracts.tmf.edge import Edge
from qosresolve.core.ids import stable_id
from qosresolve.core.inputs import Cause
from qosresolve.core.requests import Context, EscalationNotice
from qosresolve.core.vocabulary import ClockName, Jeopardy, Severity
from qosresolve.notify.answers import Answer, Came
from qosresolve.notify.call import Call, from_notice
from qosresolve.notify.receivers import place, receiver_for
from qosresolve.settings import Settings

PRODUCT = "notify-test"
LASTS_MS = 300_000
HOUR_MS = 3_600_000
_NEXT = {
    Came.DOWN: "`run notify` would try again until it takes it",
    Came.SETTINGS: "`run notify` would wait until that is mended",
    Came.REFUSED: "`run notify` would write a dead letter: see docs/runbooks/notify-refused.md",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for."""

    end: bool
    level: int
    target: str
    dry_run: bool


def sample(asked: Asked, edge: Edge, now: int) -> Call:
    """Return a sample at an instant, ms since the epoch; its report is the same each time, so it can end."""
    report = stable_id("notify-test", PRODUCT)
    context = Context(
        stable_id("notify-test", report, now),
        PRODUCT,
        report,
        "",
        "",
        Severity.MINOR,
        5,
        asked.level,
        "this is a test",
        "",
        now,
        Cause("notify-test", 0, 0, ""),
    )
    notice = EscalationNotice(
        context,
        not asked.end,
        stable_id("notify-test", report, asked.level),
        asked.level,
        Jeopardy.AT_RISK,
        ClockName.RESTORE,
        None if asked.end else now + HOUR_MS,
        "" if asked.end else asked.target,
    )
    return from_notice(notice, edge)


def test(settings: Settings, asked: Asked, *, as_json: bool) -> int:
    """Send it and tell what came back; return the exit status. Raises ConfigError."""
    receiver = receiver_for(settings, lasts_ms=LASTS_MS)
    call = sample(asked, Edge(settings.edge_version, settings.edge_party), time.time_ns() // 1_000_000)
    try:
        if asked.dry_run:
            _would(settings, receiver.shown(call), as_json=as_json)
            return 0
        began = time.monotonic()
        answer = receiver.tell(call)
    finally:
        receiver.close()
    _told(settings, call, answer, time.monotonic() - began, as_json=as_json)
    return 0 if answer.came is Came.TAKEN else 1


def _would(settings: Settings, body: bytes, *, as_json: bool) -> None:
    told = {"receiver": place(settings), "kind": settings.notify_to, "body": json.loads(body)}
    if as_json:
        dump(told)
        return
    line(f"would tell the {settings.notify_to} at {place(settings)}:")
    dump(told["body"])


def _told(settings: Settings, call: Call, answer: Answer, seconds: float, *, as_json: bool) -> None:
    if as_json:
        dump(
            {
                "receiver": place(settings),
                "kind": settings.notify_to,
                "id": call.message_id,
                "came": str(answer.came),
                "answer": answer.what,
                "seconds": round(seconds, 3),
            }
        )
        return
    taken = "taken" if answer.came is Came.TAKEN else f"not taken ({answer.came})"
    line(f"{settings.notify_to} at {place(settings)}: {taken}: {answer.what}, {seconds * 1000:.0f} ms")
    line(f"  id {call.message_id}")
    if answer.came in _NEXT:
        line(f"  {_NEXT[answer.came]}")
