"""Makes marked records end the process: Python runs this at the start of whatever has the folder on its path.

`QOSRESOLVE_TEST_DEATH` says how and where, such as `segv:decode`, and for intake at which call of that place,
such as `kill:intake-produced:5`; likewise for notify. So the worker is the real program, and the child that
looks at a record for it dies of the same record, as both would of a fault in a library.
"""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from typing import cast

MARK = "DEADLY"
NAP_S = 0.005  # what a record takes in a worker that is to be killed while it takes one


def _no_memory() -> None:
    raise MemoryError


HOW: dict[str, Callable[[], object]] = {
    "segv": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "exit": lambda: os._exit(3),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "hang": lambda: time.sleep(3_600),
    "memory": _no_memory,
}


def _wrapped(owner: object, name: str, deadly: Callable[..., bool], die: Callable[[], object]) -> None:
    whole = getattr(owner, name)

    def wrapper(*args: object, **named: object) -> object:
        if deadly(*args):
            die()
        return whole(*args, **named)

    setattr(owner, name, wrapper)


def _counted(how: str, where: str, nth: str) -> None:
    """End an intake at the nth record, with all of a batch produced, or committed and not yet remembered.

    And a notify before the receiver is told, when it has taken it, and when a dead letter was written.
    """
    from qosresolve.kafka import transaction  # noqa: PLC0415 - only in processes of such a test
    from qosresolve.kafka.intake import partition, staging  # noqa: PLC0415
    from qosresolve.kafka.notify import lane, telling  # noqa: PLC0415

    calls = 0

    def now(*_: object) -> bool:
        nonlocal calls
        calls += 1
        return calls == int(nth)

    places: dict[str, tuple[object, str]] = {
        "intake-taking": (staging.Staging, "_stage"),
        "intake-produced": (transaction.Transactions, "_listen"),
        "intake-committed": (partition.Partition, "accept"),
        "notify-telling": (telling.Telling, "_attempt"),
        "notify-told": (lane.Lane, "done"),
    }
    _wrapped(*places[where], now, HOW[how])


def _install(how: str, where: str, nth: str = "") -> None:
    if where.startswith(("intake-", "notify-")):
        _counted(how, where, nth)
        return
    from qosresolve.contracts import records  # noqa: PLC0415 - only in processes of such a test
    from qosresolve.kafka import examine, outputs, staging  # noqa: PLC0415

    examine.TAKE_S = 4.0
    if how == "slow":
        _wrapped(staging, "step", lambda *_: cast("bool", time.sleep(NAP_S)), lambda: None)
        return
    mark = MARK.encode()
    places: dict[str, tuple[object, str, Callable[..., bool]]] = {
        "decode": (
            records.Contracts,
            "_read",
            lambda _, record, __, data, *___: record == "degradation" and mark in data,
        ),
        "step": (staging, "step", lambda _, received, *__: MARK in repr(received.body)),
        "encode": (outputs.Writer, "report", lambda _, __, report, *___: MARK in repr(report.indicators)),
        "state": (records.Contracts, "read_report", lambda _, data: mark in data),
    }
    _wrapped(*places[where], HOW[how])


if os.environ.get("QOSRESOLVE_TEST_DEATH"):
    _install(*os.environ["QOSRESOLVE_TEST_DEATH"].split(":"))
