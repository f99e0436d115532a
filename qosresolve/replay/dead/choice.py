"""Which letters are meant: by id, or by where they came from, why, whose they are and when. Pure."""

from dataclasses import dataclass

from qosresolve.errors import ConfigError
from qosresolve.replay.dead.book import OPEN, Book
from qosresolve.replay.dead.groups import kind_of
from qosresolve.replay.dead.letters import Id, Letter
from qosresolve.topics import Names


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for; what is empty chooses nothing out. `since` and `until` in ms, when buried."""

    ids: tuple[Id, ...] = ()
    topic: str = ""
    reason: str = ""
    product: str = ""
    since: int | None = None
    until: int | None = None

    @property
    def narrow(self) -> bool:
        """True where it names something at all."""
        return self != Choice()

    def takes(self, letter: Letter, names: Names) -> bool:
        """Tell whether a letter is meant."""
        return (
            (not self.ids or letter.id in self.ids)
            and (not self.topic or self.topic in (letter.spot.topic, letter.spot.topic[len(names.prefix) :]))
            and (not self.reason or self._of_reason(letter))
            and (not self.product or self.product == letter.product)
            and (self.since is None or letter.at >= self.since)
            and (self.until is None or letter.at < self.until)
        )

    def _of_reason(self, letter: Letter) -> bool:
        return self.reason == letter.stage or self.reason in letter.error or self.reason in kind_of(letter)


def chosen(book: Book, choice: Choice, names: Names) -> list[Letter]:
    """Return the letters that are meant, as they first lay; of those chosen by filter, the open ones.

    Raises ConfigError for an id under which there is none.
    """
    raise_if_missing(book, choice)
    found = [letter for letter in book.letters.values() if choice.takes(letter, names)]
    if not choice.ids:
        found = [letter for letter in found if book.standing(letter) == OPEN]
    return book.in_order(found, names)


def raise_if_missing(book: Book, choice: Choice) -> None:
    """Raise ConfigError for ids under which there is no letter."""
    missing = [str(wanted) for wanted in choice.ids if wanted not in book.letters]
    if missing:
        raise ConfigError(
            f"there is no dead letter {', '.join(missing)}",
            setting="ID",
            remedy="look with `qosresolve dead-letters list --each`; the topic's retention ends them",
        )
