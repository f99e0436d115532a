"""Time-outs that fit, and transactions that are left open."""

import pytest

from qosresolve.replay.doctor import transactions
from qosresolve.replay.doctor.transactions import Decided
from tests.replay.doctor.described import names, settings

ALLOWED = {
    "transaction.max.timeout.ms": "900000",
    "group.min.session.timeout.ms": "6000",
    "group.max.session.timeout.ms": "1800000",
}


@pytest.mark.parametrize(
    ("sets", "found"),
    [
        ((), []),
        (("transaction_timeout_ms=50000",), ["transaction-outlives-session"]),
        (
            ("transaction_timeout_ms=50000", "session_timeout_ms=60000", "restore_stall_ms=50000"),
            ["transaction-stalls-restore"],
        ),
    ],
)
def test_our_own_timeouts_fit_each_other(sets: tuple[str, ...], found: list[str]) -> None:
    """A dead worker's transaction ends before its place is given away, and before a restore gives up."""
    assert names(transactions.unfitting(settings(*sets))) == found


@pytest.mark.parametrize(
    ("config", "sets", "found"),
    [
        ({}, (), []),
        ({"transaction.max.timeout.ms": "10000"}, (), ["transaction-refused"]),
        ({"group.min.session.timeout.ms": "60000"}, (), ["session-refused"]),
        ({"group.max.session.timeout.ms": "30000"}, (), ["session-refused"]),
        ({"group.max.session.timeout.ms": "30000"}, ("group_protocol=consumer",), []),
    ],
)
def test_the_brokers_allow_what_we_ask_for(
    config: dict[str, str | None], sets: tuple[str, ...], found: list[str]
) -> None:
    """What one broker refuses is found; KIP-848 has a session of the brokers' own."""
    assert (
        names(transactions.not_allowed(settings(*sets), {1: {**ALLOWED}, 2: {**ALLOWED, **config}})) == found
    )


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (Decided(stable=10, end=10, young=10, younger_than_any=10), []),  # nothing is open
        (Decided(stable=10, end=20, young=10, younger_than_any=5), []),  # open, and young
        (Decided(stable=10, end=20, young=15, younger_than_any=5), ["transaction-open"]),
        (Decided(stable=10, end=20, young=20, younger_than_any=20), ["transaction-hanging"]),
    ],
)
def test_an_open_transaction_is_told_by_its_age(at: Decided, found: list[str]) -> None:
    """The record at the stable end is its first: older than any of ours, or than the brokers allow."""
    assert names(transactions.left_open({("t", 3): at}, 15_000, 900_000)) == found


def test_the_command_names_topic_and_partition() -> None:
    """Kafka's own tool wants both."""
    (found,) = transactions.left_open({("t", 3): Decided(10, 20, 20, 20)}, 15_000, 900_000)
    assert found.command.endswith("find-hanging --topic t --partition 3")


@pytest.mark.parametrize(
    ("configs", "longest"),
    [(None, 900_000), ({1: {"transaction.max.timeout.ms": "60000"}, 2: {}}, 60_000)],
)
def test_how_long_any_transaction_may_be_open(
    configs: dict[int, dict[str, str | None]] | None, longest: int
) -> None:
    """By the brokers' word, or Kafka's default where they do not tell."""
    assert transactions.longest(configs) == longest
