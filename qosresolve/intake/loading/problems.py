"""What is wrong with a file, and where: everything is collected, nothing is raised."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class At:
    """A place: file, line from 1 (0: none is known), and what is there, such as `item 3` or `product P1`."""

    file: str
    line: int = 0
    what: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}" if self.what else place

    def of(self, what: str) -> "At":
        """Return the same place, naming something there."""
        return At(self.file, self.line, f"{self.what}, {what}" if self.what else what)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that has to be mended before anything is loaded; `field` is a column or a JSON field."""

    at: At
    field: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        field = f"{self.field}: " if self.field else ""
        return f"{self.at}: {field}{self.problem}; {self.remedy}"


def meant(word: str, known: Iterable[str]) -> str:
    """Return the remedy for a name that is not known: the nearest one, else all of them."""
    names = list(known)
    near = get_close_matches(word, names, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
