"""The maintenance windows of one partition: ordered by command, handed to decisions, kept in its record.

A window holds from the record that set it on, in this partition's order. Decisions see the spans of a few
weeks around a record's time: more could change none, and would cost every one of them. One that was lifted or
replaced is kept as long as one that has ended, cut there: not every report has taken in what it did.
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
MOST = 500  # windows in force in one partition: its record travels in every transaction
MOST_LIFTED = 500  # and of those that were lifted or replaced, the newest
MOST_BYTES = 600_000  # of all of them: the topic takes no larger record than a megabyte
BACK = 31  # days of which decisions still see what was
AHEAD = 8  # and days of which they see what will be; an end that is further away is looked for again there


class Windows:
    """What is known: those that were lifted, then one in force for each id. Every change makes a new one."""

    def __init__(self, known: Iterable[MaintenanceWindow] = ()) -> None:
        self.known = tuple(known)
        self._expanded = tuple(_expanded(self.known)) if self.known else ()
        self._seen: tuple[Policies, int, Policies] | None = None

    def obey(self, order: Command, now: int) -> tuple["Windows", WindowSet | WindowLifted | None]:
        """Return what an order makes of this, and the fact of it; None where it is so already.

        Raises BadWindowError.
        """
        if order.field == LIFT:
            return self._lifted(order, now)
        if order.field != SET:
            raise BadWindowError(f"field says {order.field!r}", f"write {SET} or {LIFT}")
        window = read_body(order.value, now)
        expand(window)
        known = self._of(window.window_id)
        if known is not None and replace(known, entered_at=now) == window:
            return self, None
        rest = self._without(known, now)
        if sum(item.lifted_at is None for item in rest) >= MOST:
            raise BadWindowError(f"{MOST} windows are known already", "lift some, or let one cover more")
        if sum(map(_bytes, (*rest, window))) > MOST_BYTES:
            raise BadWindowError(
                f"the windows take more than {MOST_BYTES} bytes", "write shorter ids and reasons"
            )
        return Windows((*rest, window)), WindowSet(window)

    def follow(self, fact: WindowSet | WindowLifted, at: int) -> "Windows":
        """Return what a fact of the journal made of this at an instant, without asking whether it might."""
        named = fact.window.window_id if isinstance(fact, WindowSet) else fact.window_id
        rest = self._without(self._of(named), at)
        return Windows((*rest, fact.window) if isinstance(fact, WindowSet) else rest)

    def _lifted(self, order: Command, now: int) -> tuple["Windows", WindowLifted | None]:
        known = self._of(order.value)
        if known is None:
            return self, None
        return Windows(self._without(known, now)), WindowLifted(known.window_id, order.reason)

    def told(self, fact: WindowSet | WindowLifted, now: int) -> "Windows":
        """Return what a fact of the journal makes of this."""
        if isinstance(fact, WindowLifted):
            return Windows(self._without(self._of(fact.window_id), now))
        return Windows((*self._without(self._of(fact.window.window_id), now), fact.window))

    def _without(self, known: MaintenanceWindow | None, now: int) -> tuple[MaintenanceWindow, ...]:
        """Return what there is once a window is lifted: itself only where it has held already."""
        gone = [item for item in self.known if item.lifted_at is not None]
        if known is not None:
            cut = replace(known, lifted_at=now)
            gone += [cut for window in _expanded((cut,)) if window.effective()]
        force = (item for item in self.known if item.lifted_at is None and item is not known)
        return (*gone[-MOST_LIFTED:], *force)

    def _of(self, window_id: str) -> MaintenanceWindow | None:
        """Return the window of an id that is in force."""
        return next((it for it in self.known if it.window_id == window_id and it.lifted_at is None), None)

    def kept(self, now: int) -> "Windows":
        """Return those that a decision may still see; `now` is the newest instant that was committed."""
        horizon = now - (BACK + 1) * DAY
        over = {it.window_id for it in self._expanded if it.lifted_at is None and it.spans[-1][1] <= horizon}
        rest = [
            item
            for item in self.known
            if (item.window_id not in over if item.lifted_at is None else item.lifted_at > horizon)
        ]
        return Windows(rest) if len(rest) < len(self.known) else self

    def beside(self, policies: Policies, now: int) -> Policies:
        """Return policies with the windows that a decision at an instant sees."""
        if not self._expanded:
            return policies
        day = now // DAY
        if self._seen is None or self._seen[0] is not policies or self._seen[1] != day:
            near = tuple(item for window in self._expanded if (item := _near(window, day)).spans)
            self._seen = policies, day, replace(policies, windows=near)
        return self._seen[2]


def _bytes(window: MaintenanceWindow) -> int:
    """Return how much a window takes at most in the partition record."""
    texts = (window.window_id, window.zone, window.recurrence, window.product_id, window.site, window.tier)
    return 64 + sum(len(text.encode()) for text in (*texts, window.service_id, window.reason))


def _near(window: Window, day: int) -> Window:
    since, until = (day - BACK) * DAY, (day + AHEAD) * DAY
    spans = (span for span in window.effective() if span[1] > since and span[0] < until)
    return replace(window, spans=tuple(spans))


def _expanded(known: Iterable[MaintenanceWindow]) -> Iterable[Window]:
    for window in known:
        try:
            yield expand(window)
        except BadWindowError as error:  # an older version, or an older tzdata, took it
            structlog.get_logger(role="worker").error(
                "window left out", entered_at=window.entered_at, remedy=error.remedy
            )
