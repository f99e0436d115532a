"""Which subjects there are, and how far their schemas may change: from the one topic table.

A subject is a topic's name and `-value` (the registry's TopicNameStrategy). What we read must be readable
in every version that was ever written, so readers go first: BACKWARD_TRANSITIVE. What others read they must
be able to read with whatever version they have: FORWARD_TRANSITIVE.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from qosresolve.errors import ConfigError
from qosresolve.topics import BY_RECORD, TOPICS, Kind, Names, Topic

BACKWARD = "BACKWARD_TRANSITIVE"
FORWARD = "FORWARD_TRANSITIVE"
FULL = "FULL_TRANSITIVE"

# The journal is read by neighbours too, but with every new kind of fact its union grows, which no older
# reader can pass over: the fold would be wrong. So its readers go first, the auditor among them.
LEVELS: dict[Kind, str] = {
    Kind.INPUT: BACKWARD,
    Kind.STATE: BACKWARD,
    Kind.JOURNAL: BACKWARD,
    Kind.REQUEST: FORWARD,
    Kind.POLICY: BACKWARD,
    Kind.INVENTORY: BACKWARD,
    Kind.INTAKE: BACKWARD,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject, the record whose schemas it holds, and the compatibility that it should have."""

    name: str
    record: str
    level: str

    def fits(self, level: str) -> bool:
        """Tell whether a compatibility promises what ours does; FULL_TRANSITIVE promises both."""
        return level in (self.level, FULL)


def subject_of(names: Names, record: str) -> str:
    """Return a record's subject; one that has no topic of its own goes by its name."""
    topic = BY_RECORD.get(record)
    return f"{names.of(topic) if topic else names.prefix + record}-value"


def has_subject(topic: Topic) -> bool:
    """Tell whether a topic's values have one schema: dead letters are whatever came, foreign events too."""
    return bool(topic.record) and topic.kind in LEVELS


def subjects(names: Names, records: Iterable[str] = ()) -> list[Subject]:
    """Return the subjects of some records, of none named all. Raises ConfigError for a strange name."""
    known = {topic.record: topic for topic in TOPICS if has_subject(topic)}
    wanted = list(dict.fromkeys(records)) or list(known)
    for record in wanted:
        if record not in known:
            raise ConfigError(
                f"no subject holds a record {record!r}", setting="RECORD", remedy=f"one of {', '.join(known)}"
            )
    return [Subject(subject_of(names, record), record, LEVELS[known[record].kind]) for record in wanted]
