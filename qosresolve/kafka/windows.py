"""The maintenance windows of one partition: ordered by command, handed to decisions, kept in its record.

A window holds from the record that set it on, in this partition's order. Decisions see the spans of a few
weeks around a record's time: more could change none, and would cost every one of them.
"""

from collections.abc import Iterable
from dataclasses import replace

import structlog

from qosresolve.contracts.windows import DAY, BadWindowError, expand, read_body
from qosresolve.core.facts import WindowLifted, WindowSet
from qosresolve.core.inputs import Command
from qosresolve.core.partition import MaintenanceWindow
from qosresolve.core.policy import Policies
from qosresolve.core.windows import Window

SET, LIFT = "set", "lift"  # what the command's `field` says
MOST = 500  # windows of one partition: its record travels in every transaction
BACK = 31  # days of which decisions still see what was
AHEAD = 8  # and days of which they see what will be; an end that is further away is looked for again there


class Windows:
    """What is known, by id; every change makes a new one."""

    def __init__(self, known: Iterable[MaintenanceWindow] = ()) -> None:
        self.known = tuple(known)
        self._expanded = tuple(_expanded(self.known)) if self.known else ()
        self._seen: tuple[Policies, int, Policies] | None = None

    def obey(self, order: Command, now: int) -> tuple["Windows", WindowSet | WindowLifted | None]:
        """Return what an order makes of this, and the fact of it; None where it is so already.

        Raises BadWindowError.
        """
        if order.field == LIFT:
            return self._lifted(order)
        if order.field != SET:
            raise BadWindowError(f"field says {order.field!r}", f"write {SET} or {LIFT}")
        window = read_body(order.value, now)
        expand(window)
        known = self._of(window.window_id)
        if known is not None and replace(known, entered_at=now) == window:
            return self, None
        others = tuple(item for item in self.known if item is not known)
        if len(others) >= MOST:
            raise BadWindowError(f"{MOST} windows are known already", "lift some, or let one cover more")
        return Windows((*others, window)), WindowSet(window)

    def _lifted(self, order: Command) -> tuple["Windows", WindowLifted | None]:
        known = self._of(order.value)
        if known is None:
            return self, None
        rest = tuple(item for item in self.known if item is not known)
        return Windows(rest), WindowLifted(known.window_id, order.reason)

    def _of(self, window_id: str) -> MaintenanceWindow | None:
        return next((item for item in self.known if item.window_id == window_id), None)

    def kept(self, now: int) -> "Windows":
        """Return those that a decision may still see; `now` is the newest instant that was committed."""
        over = {item.window_id for item in self._expanded if item.spans[-1][1] <= now - (BACK + 1) * DAY}
        return Windows(item for item in self.known if item.window_id not in over) if over else self

    def beside(self, policies: Policies, now: int) -> Policies:
        """Return policies with the windows that a decision at an instant sees."""
        if not self._expanded:
            return policies
        day = now // DAY
        if self._seen is None or self._seen[0] is not policies or self._seen[1] != day:
            near = tuple(item for window in self._expanded if (item := _near(window, day)).spans)
            self._seen = policies, day, replace(policies, windows=near)
        return self._seen[2]


def _near(window: Window, day: int) -> Window:
    since, until = (day - BACK) * DAY, (day + AHEAD) * DAY
    return replace(window, spans=tuple(span for span in window.spans if span[1] > since and span[0] < until))


def _expanded(known: Iterable[MaintenanceWindow]) -> Iterable[Window]:
    for window in known:
        try:
            yield expand(window)
        except BadWindowError as error:  # an older version, or an older tzdata, took it
            structlog.get_logger(role="worker").error(
                "window left out", window=window.window_id, why=error.problem, remedy=error.remedy
            )
