"""Which bytes go over the wire: Confluent framing with a schema registry, else single-object encoding."""

from qosresolve.contracts.codec import Codec, SingleObjectCodec
from qosresolve.contracts.confluent import ConfluentCodec
from qosresolve.contracts.records import Contracts
from qosresolve.errors import ConfigError
from qosresolve.settings import Settings
from qosresolve.topics import BY_RECORD, Names


def contracts_for(settings: Settings) -> Contracts:
    """Return the one way in which this process reads and writes records."""
    return Contracts(_confluent(settings) if settings.schema_registry_url else SingleObjectCodec())


def subject_of(settings: Settings, record: str) -> str:
    """Return a record's subject: the registry's topic name strategy, or the record itself without a topic."""
    topic = BY_RECORD.get(record)
    return f"{Names(settings.prefix).of(topic) if topic else settings.prefix + record}-value"


def _confluent(settings: Settings) -> Codec:
    try:
        from confluent_kafka.schema_registry import SchemaRegistryClient  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ConfigError(
            f"the schema registry's client is not installed ({error.name} is missing)",
            setting="schema_registry_url",
            remedy="install qosresolve[registry], or leave the setting empty to use the bundled schemas",
        ) from error
    # The client's own default is to wait for ever, which would hold up the loop.
    client = SchemaRegistryClient.new_client(
        {"url": settings.schema_registry_url, "timeout": 2, "max.retries": 1}
    )
    return ConfluentCodec(client, lambda record: subject_of(settings, record))
