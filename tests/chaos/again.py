"""A run decided again: `qosresolve replay` of all of it into a shadow, whose journal is compared by value."""

from itertools import zip_longest

from qosresolve.kafka.reading import read_all
from qosresolve.replay.rerun.judge import alike
from qosresolve.settings import Settings
from qosresolve.topics import JOURNAL, Names
from tests.chaos.profiles import PARTITIONS
from tests.kafka.harness import RECORDS

SHADOW = "chaos-shadow."
WORDS = ("replay", "--into", SHADOW, "--json")


def unequal(settings: Settings) -> int:
    """Return of how many entries the shadow's journal says something else, or nothing, in order."""
    return sum(
        one != other
        for number in range(PARTITIONS)
        for one, other in zip_longest(
            *(_journal(settings, prefix, number) for prefix in (settings.prefix, SHADOW))
        )
    )


def _journal(settings: Settings, prefix: str, number: int) -> list[object]:
    place = Names(prefix).of(JOURNAL), number
    return [alike(RECORDS.read_entry(message.value() or b"")) for message in read_all(settings, [place])]
