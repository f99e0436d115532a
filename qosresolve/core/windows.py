"""Maintenance windows, as decisions see them: spans in which degradations are expected.

A window's recurrence is expanded before it comes here (`qosresolve.contracts.windows`). A window holds from
the instant it was entered, never before, so which decision saw it is a matter of order. Instants in ms, UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from qosresolve.core.spans import Span, united


@dataclass(frozen=True, slots=True)
class Window:
    """One window: sorted spans `[start, end)`; an empty scope field matches all."""

    window_id: str
    entered_at: int
    spans: tuple[Span, ...]
    product_id: str = ""
    site: str = ""
    tier: str = ""
    service_id: str = ""
    reason: str = ""

    def covers(self, product_id: str, site: str, tier: str, object_id: str) -> bool:
        """Tell whether what is measured on an object of a product lies in this window's scope."""
        return (
            self.product_id in ("", product_id)
            and self.site in ("", site)
            and self.tier in ("", tier)
            and self.service_id in ("", object_id)
        )

    def effective(self) -> tuple[Span, ...]:
        """Return the spans less what lay before the window was entered."""
        return tuple((max(start, self.entered_at), end) for start, end in self.spans if end > self.entered_at)


def covering(windows: Iterable[Window]) -> tuple[Span, ...]:
    """Return the time that windows cover together, as sorted spans that do not touch."""
    return united(span for window in windows for span in window.effective())


def end_of(spans: Iterable[Span], at: int) -> int | None:
    """Return the end of the span that holds an instant, None where none does."""
    return next((end for start, end in spans if start <= at < end), None)
