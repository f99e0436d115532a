"""Who we are to the brokers, and they to us: what the client's errors say of it, and what has to be mended.

At the start a person is told which setting is wrong. In mid-run only new connections are asked again: one
that is refused ends the process, for a new start reads the settings anew.
"""

from confluent_kafka import KafkaError

from qosresolve.errors import ConfigError, FatalError
from qosresolve.settings import Settings

# ruff: noqa: SLF001 - the client's own constants begin with an underscore

PAGE = "docs/security.md"
UNKNOWN = "User:NAME"  # whoever that is
_OWN = "Local: "  # what the client's own errors begin with, not the brokers'
_CREDENTIALS = (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED)


def principal(settings: Settings) -> str:
    """Return who we are to the brokers, as far as the settings tell."""
    user = settings.kafka.get("sasl.username")
    return f"User:{user}" if user else UNKNOWN


def refused(error: KafkaError, settings: Settings) -> ConfigError | None:
    """Return what an error says of who we are, or who the brokers are; None where of neither.

    A handshake that merely broke off is neither: the next one may do better.
    """
    at = settings.bootstrap_servers
    if not_taken(error):
        return ConfigError(
            f"the brokers at {at} do not take {principal(settings)} for who it says: {error.str()}",
            setting="kafka.sasl.password",
            remedy="mend kafka.sasl.username, kafka.sasl.password (QOSRESOLVE_KAFKA__SASL_PASSWORD) or "
            f"kafka.sasl.mechanism, see {PAGE}",
        )
    if error.code() == KafkaError._SSL and "certificate" in error.str():
        return ConfigError(
            f"the certificate of a broker at {at} is not to be trusted: {error.str()}",
            setting="kafka.ssl.ca.location",
            remedy="it must be signed by an authority in that file, name the host as bootstrap_servers and "
            f"advertised.listeners do, and not have expired, see {PAGE}",
        )
    return None


def not_taken(error: KafkaError) -> bool:
    """Tell whether a broker refused our credentials.

    The client gives the same code where the talk about them broke off: by the network, or by its own end.
    """
    return error.code() in _CREDENTIALS and _OWN not in error.str()


def raise_if_changed(error: KafkaError) -> None:
    """Raise FatalError where credentials that were good at the start are refused."""
    if not_taken(error):
        raise FatalError(
            f"the brokers take us no more for who we say: {error.str()}\n  remedy: was the password changed? "
            f"Start again with the new one, see {PAGE}"
        )
