"""What is an answer of the brokers about who we are, and what is only a talk that broke off."""

import pytest
from confluent_kafka import KafkaError

from qosresolve.errors import FatalError
from qosresolve.kafka import credentials
from qosresolve.settings import load

AT = "sasl_ssl://127.0.0.1:9093/1: SASL "


REFUSALS = {
    "password": "authentication error: Authentication failed during authentication due to invalid "
    "credentials with SASL mechanism SCRAM-SHA-512 (after 302ms in state AUTH_REQ)",
    "mechanism": "PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported "
    "mechanisms: SCRAM-SHA-512 (after 301ms in state AUTH_HANDSHAKE)",
}


@pytest.mark.parametrize("what", REFUSALS)
def test_a_refusal_by_the_brokers_counts(what: str) -> None:
    """At the start a setting has to be mended; in mid-run the process ends."""
    error = KafkaError(KafkaError._AUTHENTICATION, AT + REFUSALS[what])
    refused = credentials.refused(error, load())
    assert refused is not None
    assert refused.setting == "kafka.sasl.password"
    with pytest.raises(FatalError, match="Start again with the new one"):
        credentials.raise_if_changed(error)


@pytest.mark.parametrize("why", ["Broker transport failure", "Broker handle destroyed", "Timed out"])
def test_a_talk_that_broke_off_does_not(why: str) -> None:
    """The network, or the client's own closing, says nothing of the password."""
    said = f"{AT}authentication error: SaslAuthenticateRequest failed: Local: {why} (after 0ms in state DOWN)"
    error = KafkaError(KafkaError._AUTHENTICATION, said)
    assert credentials.refused(error, load()) is None
    credentials.raise_if_changed(error)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("SSL handshake failed: certificate verify failed: broker certificate could not be verified", True),
        ("SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?", False),
    ],
)
def test_only_a_certificate_that_is_refused_counts(said: str, named: bool) -> None:
    """A handshake that broke off may do better next time."""
    refused = credentials.refused(KafkaError(KafkaError._SSL, said), load())
    assert (refused is not None) is named
