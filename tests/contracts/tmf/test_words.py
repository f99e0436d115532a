"""Words and instants as the APIs spell them."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.contracts.tmf.words import (
    JEOPARDY_TYPE,
    TICKET_SEVERITY,
    duration,
    instant,
    remark,
    status,
    urgency,
)
from qosresolve.core.requests import Action
from qosresolve.core.vocabulary import Jeopardy, Severity, Status


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_an_instant_reads_as_it_was(at: int) -> None:
    """RFC 3339, UTC, to the millisecond, in all years that it can write."""
    read = datetime.fromisoformat(instant(at))
    assert round(read.timestamp() * 1000) == at
    assert instant(at).endswith("Z")


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_instant_beyond_its_years_is_written_as_their_end(at: int) -> None:
    """A deadline in the year 30,000 must not keep a request from going out."""
    assert "0001-01-01T00:00:00.000Z" <= instant(at) <= "9999-12-31T23:59:59.999Z"


@pytest.mark.parametrize(
    ("ms", "text"), [(0, "PT0.000S"), (900_000, "PT900.000S"), (1, "PT0.001S"), (-1_500, "-PT1.500S")]
)
def test_a_duration(ms: int, text: str) -> None:
    """ISO 8601."""
    assert duration(ms) == text


def test_cleared_is_resolved_and_nothing_else_changes() -> None:
    """Neither TMF621 nor TMF656 knows `cleared`; all other words are theirs."""
    assert [status(word) for word in Status] == [
        "acknowledged",
        "inProgress",
        "pending",
        "held",
        "resolved",
        "closed",
        "cancelled",
    ]


def test_priorities() -> None:
    """Ten numbers are four words."""
    words = [urgency(priority) for priority in range(1, 11)]
    assert words == ["Critical"] * 2 + ["High"] * 2 + ["Medium"] * 3 + ["Low"] * 3


def test_every_word_of_ours_has_one_of_theirs() -> None:
    """A new severity, jeopardy or action cannot be forgotten."""
    assert set(TICKET_SEVERITY) == set(Severity)
    assert set(JEOPARDY_TYPE) == set(Jeopardy)
    assert [action for action in Action if remark(action, "why") is None] == [Action.REQUEST]
    assert remark(Action.REMIND, "") == "reminder: no reason given"
