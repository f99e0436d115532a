"""Which bytes go over the wire: Confluent framing with a schema registry, else single-object encoding."""

from typing import TYPE_CHECKING

from qosresolve.contracts.codec import Codec, SingleObjectCodec
from qosresolve.contracts.confluent import ConfluentCodec
from qosresolve.contracts.records import Contracts
from qosresolve.errors import ConfigError
from qosresolve.settings import Settings
from qosresolve.topics import BY_RECORD, Names

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import SchemaRegistryClient


def contracts_for(settings: Settings) -> Contracts:
    """Return the one way in which this process reads and writes records."""
    return Contracts(_confluent(settings) if settings.schema_registry_url else SingleObjectCodec())


def subject_of(settings: Settings, record: str) -> str:
    """Return a record's subject: the registry's topic name strategy, or the record itself without a topic."""
    topic = BY_RECORD.get(record)
    return f"{Names(settings.prefix).of(topic) if topic else settings.prefix + record}-value"


def registry(settings: Settings) -> "SchemaRegistryClient":
    """Return a client of the schema registry. Raises ConfigError where it is not installed."""
    try:
        from confluent_kafka.schema_registry import SchemaRegistryClient  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ConfigError(
            f"the schema registry's client is not installed ({error.name} is missing)",
            setting="schema_registry_url",
            remedy="install qosresolve[registry], or leave the setting empty to use the bundled schemas",
        ) from error
    # The client's own default is to wait for ever, which would hold up the loop.
    return SchemaRegistryClient.new_client(
        {"url": settings.schema_registry_url, "timeout": 2, "max.retries": 1}
    )


def _confluent(settings: Settings) -> Codec:
    return ConfluentCodec(registry(settings), lambda record: subject_of(settings, record))
