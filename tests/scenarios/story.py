"""A story file as data: what may be written, and what each word means.

A file is a list of stories. Times are hours of Monday 2 March 2026, UTC (`10:00`; `+1 10:00` a day later),
durations `30m` or `1h 30m`; neither needs quotes. A word that is not known here is refused with its place.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import yaml

HERE = Path(__file__).parent
Fields = dict[str, Any]


class Step(msgspec.Struct, forbid_unknown_fields=True, rename={"never_asks": "never asks"}):
    """What happens at an instant, and what must come of it; what is not named is not looked at."""

    at: str
    do: str
    with_: Fields = msgspec.field(default_factory=dict, name="with")  # fields of the input, by their names
    sampled: str = ""  # when an event of the monitoring was observed, where it arrives later (or earlier)
    outcome: str = ""
    rule: str | None = None  # the core's named rule; "" is the ordinary way
    facts: list[str] = []  # come in this order, others may lie between
    fact: dict[str, Fields] = {}  # one fact of that kind has these values
    asks: list[str] = []  # requests, in words, in this order, others may lie between
    ask: dict[str, Fields] = {}  # one request, in words, has these values
    never: list[str] = []  # kinds of facts that must not come
    never_asks: list[str] = []
    nothing: bool = False  # neither facts nor requests
    status: str = ""  # of the newest report
    report: Fields = {}  # values of the newest report
    watch: Fields | str = {}  # values of the watch, or `none`


class Story(msgspec.Struct, forbid_unknown_fields=True):
    """One product's story: the sentence it proves, its policy, its steps, and how it ends."""

    story: str
    steps: list[Step]
    rule: str = ""
    policy: Fields = {}  # dotted paths of the policy and their values; `without`: nodes left out of the plan
    report: Fields = {}
    reports: list[Fields] = []  # values of every report held, oldest first
    watch: Fields | str = {}
    requests: list[str] | None = None  # all that was asked from beginning to end, in words


class StoryFile(msgspec.Struct):
    """A file of stories about one thing, in a folder named for the process."""

    folder: str
    name: str
    stories: list[Story]

    @property
    def path(self) -> str:
        """Return the file's name as seen from the folder of all scenarios."""
        return f"{self.folder}/{self.name}.yaml"


def files() -> list[StoryFile]:
    """Return every story file, by folder and name. Raises ValueError that names file and place."""
    return [_file(path) for path in sorted(HERE.glob("*/*.yaml"))]


def _file(path: Path) -> StoryFile:
    return StoryFile(path.parent.name, path.stem, read(path.read_text("utf-8"), str(path)))


def read(text: str, path: str) -> list[Story]:
    """Return the stories of a file. Raises ValueError that names file and place."""
    try:
        return msgspec.convert(yaml.load(text, _Loader), list[Story])  # noqa: S506  made from SafeLoader
    except (msgspec.ValidationError, yaml.YAMLError) as wrong:
        raise ValueError(f"{path}: {wrong}") from None


class _Loader(yaml.SafeLoader):
    """YAML without its traps: `10:00` is no number in base 60, and a key written twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            problem = f"written twice: {', '.join(sorted(twice))}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return super().construct_mapping(node, deep)


_NUMBERS = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp"}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag not in _NUMBERS]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"0$|[1-9][0-9]*$"), list("0123456789"))
