"""Where an answer is not as expected. A list is compared as far as it is written, [] means none."""

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from qosresolve.contracts.policy.document import Data, Document
from qosresolve.contracts.policy.findings import Check, Loc, PolicyFileError, dotted
from qosresolve.contracts.policy.words import NONE, format_duration, parse_duration
from qosresolve.replay.trial.question import instant
from qosresolve.replay.trial.told import At, Lasts, Leaf, Tree, local

_TRUE, _FALSE = ("yes", "true", "on"), ("no", "false", "off")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not as expected, with its line in the file."""

    line: int
    key: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares in a zone; places come from the file's document."""

    document: Document
    zone: ZoneInfo

    def differences(self, expected: Data, found: Tree, loc: Loc, path: Loc = ()) -> Iterator[Difference]:
        """Yield what differs. Raises PolicyFileError on a text that its value cannot be compared with."""
        if isinstance(found, dict) and isinstance(expected, dict):
            for name, part in expected.items():
                at, below = (*loc, name), (*path, name)
                if name in found:
                    yield from self.differences(part, found[name], at, below)
                else:
                    told = f"there is none; there is {', '.join(found) or 'nothing'}"
                    yield self._difference(at, below, self._written(part), told)
        elif isinstance(found, list) and isinstance(expected, list):
            yield from self._listed(expected, found, loc, path)
        elif isinstance(found, dict | list) or isinstance(expected, dict | list):
            yield self._difference(loc, path, self._written(expected), self.shown(found))
        elif not self._same(expected, found, loc):
            yield self._difference(loc, path, expected, self.shown(found))

    def _listed(self, expected: list[Data], found: list[Tree], loc: Loc, path: Loc) -> Iterator[Difference]:
        if not expected and found:
            yield self._difference(loc, path, "none", self.shown(found))
        for index, part in enumerate(expected):
            at, below = (*loc, index), (*path, index)
            if index < len(found):
                yield from self.differences(part, found[index], at, below)
            else:
                yield self._difference(at, below, self._written(part), "none")

    def _difference(self, loc: Loc, path: Loc, expected: str, found: str) -> Difference:
        return Difference(self.document.place(loc)[0], dotted(path), expected, found)

    def _same(self, expected: str, found: Leaf, loc: Loc) -> bool:
        try:
            return self._equal(expected, found)
        except ValueError as error:
            raise PolicyFileError([self.document.finding(Check.BAD_VALUE, loc, *error.args)]) from None

    def _equal(self, expected: str, found: Leaf) -> bool:
        match found:
            case At(at):
                return at == (None if expected == NONE else instant(expected, self.zone))
            case Lasts(length):
                return length == (None if expected == NONE else parse_duration(expected))
            case bool():
                return found == _truth(expected)
            case None:
                return expected == NONE
            case _:
                return str(found) == expected

    def _written(self, expected: Data) -> str:
        if isinstance(expected, dict):
            return ", ".join(f"{name}: {self._written(part)}" for name, part in expected.items())
        return ", ".join(map(self._written, expected)) if isinstance(expected, list) else expected

    def shown(self, found: Tree) -> str:
        """Return a value as an expectation would write it."""
        match found:
            case dict():
                return ", ".join(f"{name}: {self.shown(part)}" for name, part in found.items())
            case list():
                return ", ".join(map(self.shown, found)) or "none"
            case At(at):
                return NONE if at is None else f"{local(at, self.zone):%Y-%m-%d %H:%M:%S}"
            case Lasts(length):
                return format_duration(length)
            case bool():
                return "yes" if found else "no"
            case _:
                return NONE if found is None else str(found)


def _truth(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError(f'"{text}" is neither yes nor no', "write yes or no")
    return text.lower() in _TRUE
