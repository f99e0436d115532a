"""Where a rebuild into another prefix writes: new report and watch topics, or those of an earlier rebuild."""

from qosresolve.errors import ConfigError
from qosresolve.kafka import clients, topics_admin
from qosresolve.kafka.offsets import ends, patiently, starts
from qosresolve.settings import Settings
from qosresolve.topics import JOURNAL, PARTITION, REPORT, WATCH, Names

REBUILT = (REPORT, WATCH)


def prepared(settings: Settings, into: str, partitions: int, *, resume: bool, dry_run: bool) -> bool:
    """Make the topics of a prefix where they are missing; return whether they are there.

    Raises ConfigError where the prefix is in use, where they have another partition count, and, unless this
    goes on with an earlier rebuild, where they hold records.
    """
    there = settings.model_copy(update={"prefix": into, "partitions": partitions})
    names, admin = Names(into), clients.admin(settings)
    found = clients.metadata(admin)
    _unused(settings, into, set(found))
    missing = [topic for topic in REBUILT if names.of(topic) not in found]
    if missing and not dry_run:
        topics_admin.make(there, missing)
    counts = {
        names.of(topic): len(found[names.of(topic)].partitions) for topic in REBUILT if topic not in missing
    }
    for name, count in counts.items():
        if count != partitions:
            raise ConfigError(
                f"{name} has {count} partitions, the journal {partitions}", setting="--into", remedy=_ANOTHER
            )
    places = [(name, number) for name in counts for number in range(partitions)]
    first, last = patiently(lambda: starts(admin, places)), patiently(lambda: ends(admin, places))
    held = sorted({name for name, number in places if last[name, number] > first[name, number]})
    if held and not resume:
        raise ConfigError(
            f"{held[0]} holds records",
            setting="--into",
            remedy=f"{_ANOTHER}; --resume goes on with an earlier rebuild: there it overwrites what differs, "
            "and removes what the journal does not have",
        )
    return not missing or not dry_run


def _unused(settings: Settings, into: str, topics: set[str]) -> None:
    if into == settings.prefix:
        raise ConfigError(
            "that is the prefix of the journal itself", setting="--into", remedy="--in-place does that"
        )
    used = [name for topic in (JOURNAL, PARTITION) if (name := Names(into).of(topic)) in topics]
    if used:
        raise ConfigError(f"somebody lives there: {used[0]} exists", setting="--into", remedy=_ANOTHER)


_ANOTHER = "name a prefix that nobody uses"
