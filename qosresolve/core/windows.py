"""Maintenance windows, as decisions see them: spans in which degradations are expected.

A window's recurrence is expanded before it comes here (`qosresolve.contracts.windows`). A window holds from
the instant it was entered, never before, to the one it was lifted or replaced, so which decision saw it is a
matter of order. What it did until then stays. Instants in ms, UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from qosresolve.core.spans import Span, united


@dataclass(frozen=True, slots=True)
class Window:
    """One window: sorted spans `[start, end)`; an empty scope field matches all.

    Its id and `entered_at` tell it from any other: one that was replaced is there beside its successor.
    """

    window_id: str
    entered_at: int
    spans: tuple[Span, ...]
    product_id: str = ""
    site: str = ""
    tier: str = ""
    service_id: str = ""
    reason: str = ""
    lifted_at: int | None = None

    def covers(self, product_id: str, site: str, tier: str, object_id: str) -> bool:
        """Tell whether what is measured on an object of a product lies in this window's scope."""
        return (
            self.product_id in ("", product_id)
            and self.site in ("", site)
            and self.tier in ("", tier)
            and self.service_id in ("", object_id)
        )

    def effective(self) -> tuple[Span, ...]:
        """Return the spans less what lay before the window was entered, or after it was lifted."""
        cut = (
            (max(start, self.entered_at), end if self.lifted_at is None else min(end, self.lifted_at))
            for start, end in self.spans
        )
        return tuple((start, end) for start, end in cut if start < end)


def covering(windows: Iterable[Window]) -> tuple[Span, ...]:
    """Return the time that windows cover together, as sorted spans that do not touch."""
    return united(span for window in windows for span in window.effective())


def end_of(spans: Iterable[Span], at: int) -> int | None:
    """Return the end of the span that holds an instant, None where none does."""
    return next((end for start, end in spans if start <= at < end), None)
