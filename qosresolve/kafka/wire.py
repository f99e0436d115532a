"""Which bytes go over the wire: Confluent framing with a schema registry, else single-object encoding."""

from typing import TYPE_CHECKING

from qosresolve.contracts.codec import Codec, SingleObjectCodec
from qosresolve.contracts.confluent import ConfluentCodec
from qosresolve.contracts.records import Contracts
from qosresolve.contracts.registry import subjects
from qosresolve.contracts.registry.trouble import BASE
from qosresolve.errors import ConfigError
from qosresolve.settings import Settings
from qosresolve.topics import Names

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import SchemaRegistryClient


def contracts_for(settings: Settings) -> Contracts:
    """Return the one way in which this process reads and writes records."""
    return Contracts(_confluent(settings) if settings.schema_registry_url else SingleObjectCodec())


def subject_of(settings: Settings, record: str) -> str:
    """Return a record's subject: the registry's topic name strategy, or the record itself without a topic."""
    return subjects.subject_of(Names(settings.prefix), record)


def registry(settings: Settings) -> "SchemaRegistryClient":
    """Return a client of the schema registry. Raises ConfigError where there can be none."""
    if not settings.schema_registry_url:
        raise ConfigError("no schema registry is set", setting="schema_registry_url", remedy=BASE)
    try:
        from confluent_kafka.schema_registry import SchemaRegistryClient  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ConfigError(
            f"the schema registry's client is not installed ({error.name} is missing)",
            setting="schema_registry_url",
            remedy="install qosresolve[registry], or leave the setting empty to use the bundled schemas",
        ) from error
    try:
        # The client's own default is to wait for ever, which would hold up the loop.
        return SchemaRegistryClient.new_client(
            {"url": settings.schema_registry_url, "timeout": 2, "max.retries": 1}
        )
    except (TypeError, ValueError) as error:
        # Neither the address nor what is said of it is shown: there may be a password in both.
        raise ConfigError("this is no address of HTTP", setting="schema_registry_url", remedy=BASE) from error


def _confluent(settings: Settings) -> Codec:
    return ConfluentCodec(
        registry(settings),
        lambda record: subject_of(settings, record),
        register=settings.schema_registry_register,
    )
