"""What is logged of an error that nobody expected."""

from confluent_kafka import KafkaError, KafkaException

from qosresolve.telemetry import crash

QUOTED = "what a sender wrote"


def fail() -> None:
    nothing: dict[str, int] = {}
    try:
        nothing.pop(QUOTED)
    except KeyError as error:
        raise ValueError(f"no {QUOTED}") from error


def test_an_unexpected_error_is_told_without_its_text() -> None:
    """Kind and place of it and of its cause; what it quotes is the sender's."""
    try:
        fail()
    except ValueError as error:
        told = crash.named(error) + crash.frames(error)
    assert told.startswith("ValueError")
    assert "KeyError, and so:" in told
    assert "in fail" in told
    assert QUOTED not in told


def test_the_clients_own_errors_keep_their_text() -> None:
    """Without the brokers' words nobody could tell what to look at."""
    error = KafkaException(KafkaError(KafkaError.NOT_COORDINATOR))
    assert "NOT_COORDINATOR" in crash.named(error)
