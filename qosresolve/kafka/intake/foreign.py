"""Which topics of others are read, as which format, and which of their partitions belong to which number."""

from collections.abc import Collection, Mapping

from confluent_kafka.admin import AdminClient

from qosresolve.errors import ConfigError
from qosresolve.kafka import clients
from qosresolve.kafka.offsets import Place
from qosresolve.settings import Settings
from qosresolve.topics import FOREIGN, TOPICS, Names

AUTO = "auto"
GROUP, IDS = "-intake", "intake-"  # behind the settings `group` and `transactional_id_prefix`

Layout = Mapping[str, int]  # partition counts by topic


def own(settings: Settings) -> Settings:
    """Return the settings of the role: its own group and transactional ids, beside those of the workers."""
    changes = {
        "group": settings.group + GROUP,
        "transactional_id_prefix": settings.transactional_id_prefix + IDS,
    }
    return settings.model_copy(update=changes)


def topics(settings: Settings, known: Collection[str]) -> dict[str, str]:
    """Return the format of each foreign topic by its full name: those of the setting, and our own.

    `known` are the formats there are. Raises ConfigError for one that there is not, and for a topic that the
    worker or intake write.
    """
    names = Names(settings.prefix)
    ours = {names.of(topic) for topic in TOPICS if topic is not FOREIGN}
    for topic, form in settings.intake_topics.items():
        if form not in known:
            raise ConfigError(
                f"nobody knows the format {form!r} of topic {topic}",
                setting="intake_topics",
                remedy=f"known are {', '.join(known)}; a mapping in intake_rules_file describes another one",
            )
        if topic in ours:
            raise ConfigError(
                f"{topic} is a topic of qosresolve's own: intake would read what it writes",
                setting="intake_topics",
                remedy=f"name topics of others; for what has none there is {names.of(FOREIGN)}",
            )
    return {names.of(FOREIGN): AUTO} | settings.intake_topics


def layout(admin: AdminClient, wanted: Mapping[str, str]) -> dict[str, int]:
    """Return how many partitions each foreign topic has. Raises ConfigError, RetriableError."""
    metadata = clients.metadata(admin)
    counts = {topic: len(metadata[topic].partitions) if topic in metadata else 0 for topic in wanted}
    for topic, count in counts.items():
        if count == 0:
            raise ConfigError(
                f"foreign topic {topic} does not exist",
                setting="intake_topics",
                remedy="create it, or take it out of the setting; our own come by `qosresolve topics create`",
            )
    return counts


def places(number: int, partitions: int, counts: Layout) -> list[Place]:
    """Return the foreign partitions that belong to a number, of so many numbers."""
    return [(topic, at) for topic, count in counts.items() for at in range(number, count, partitions)]
