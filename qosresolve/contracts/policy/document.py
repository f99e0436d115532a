"""YAML text into plain data, with the place of every key and value.

Every scalar stays the text that was written: `NO` is a country, `08:00` a time, `none` a word; what a text
means is the model's business. Duplicate keys, merge keys, several documents and cyclic aliases are refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from qosresolve.contracts.policy.findings import Check, Finding, Loc, PolicyFileError, dotted

MAX_CHARACTERS = 1_000_000
MAX_NODES = 50_000  # aliases of aliases would otherwise grow without bound
MAX_DEPTH = 32

Data = str | list["Data"] | dict[str, "Data"]
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data and its places, as (line, column) from 1.

    `values` has where to look for what is at a path: the text itself, or the key that a block hangs on.
    `keys` has the place of the key.
    """

    file: str
    data: Data
    values: Mapping[Loc, Place]
    keys: Mapping[Loc, Place]
    findings: tuple[Finding, ...] = ()

    def place(self, loc: Loc) -> Place:
        """Return where a path is, or the nearest thing around it that was written."""
        while loc and loc not in self.values:
            loc = loc[:-1]
        return self.values.get(loc, (1, 1))

    def finding(self, check: Check, loc: Loc, problem: str, remedy: str, *, at_key: bool = False) -> Finding:
        """Return a finding about a path; `at_key` points at the key rather than at what it holds."""
        place = self.keys.get(loc) if at_key else None
        line, column = place or self.place(loc)
        return Finding(check, self.file, line, column, dotted(loc), problem, remedy)


def read_yaml(text: str, file: str, *, example: str = "the packaged default policy") -> Document:
    """Return the data and places of one YAML document. Raises PolicyFileError where it is not one.

    `example` is what whoever wrote it should compare it with.
    """
    if len(text) > MAX_CHARACTERS:
        raise _whole(file, f"is longer than {MAX_CHARACTERS} characters", "keep one thing to a file")
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise PolicyFileError([_syntax(error, file)]) from error
    except RecursionError:
        raise _whole(file, "is nested too deeply", f"keep the shape of {example}") from None
    if root is None:
        raise _whole(file, "is empty", f"start from {example}")
    walk = _Walk(file)
    data = walk.take(root, ())
    return Document(file, data, walk.values, walk.keys, tuple(walk.findings))


def _whole(file: str, problem: str, remedy: str) -> PolicyFileError:
    return PolicyFileError([Finding(Check.NOT_YAML, file, 0, 0, "", problem, remedy)])


def _syntax(error: yaml.YAMLError, file: str) -> Finding:
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    remedy = "mend the YAML there or in the line before: indentation by spaces, closed quotes and brackets"
    return Finding(Check.NOT_YAML, file, line, column, "", f"is not YAML: {problem}", remedy)


@dataclass(slots=True)
class _Walk:
    """One pass over the node graph."""

    file: str
    values: dict[Loc, Place] = field(default_factory=dict)
    keys: dict[Loc, Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def take(self, node: Node, loc: Loc) -> Data:
        self.values[loc] = self._where(node, loc)
        if len(self.values) > MAX_NODES or len(loc) > MAX_DEPTH:
            raise _whole(self.file, "grows without end through its aliases", "write the values out instead")
        if isinstance(node, MappingNode):
            return self._mapping(node, loc)
        if isinstance(node, SequenceNode):
            return [self.take(item, (*loc, index)) for index, item in enumerate(node.value)]
        return str(node.value)

    def _mapping(self, node: MappingNode, loc: Loc) -> dict[str, Data]:
        taken: dict[str, Data] = {}
        for key, value in node.value:
            if self._usable(key, loc, taken):
                self.keys[(*loc, key.value)] = _place(key)
                taken[key.value] = self.take(value, (*loc, key.value))
        return taken

    def _usable(self, key: Node, loc: Loc, taken: dict[str, Data]) -> bool:
        if not isinstance(key, ScalarNode):
            self._refuse(Check.UNKNOWN_KEY, key, loc, "a key has to be one word", "write name: value")
            return False
        path = (*loc, key.value)
        if key.value == "<<":
            remedy = "use an alias for a whole value, or write the keys out"
            self._refuse(Check.UNKNOWN_KEY, key, path, "merge keys are not supported", remedy)
            return False
        if key.value in taken:
            first = self.keys[path][0]
            remedy = "keep one of the two"
            self._refuse(Check.DUPLICATE_KEY, key, path, f"is given twice, first in line {first}", remedy)
            return False
        return True

    def _refuse(self, check: Check, node: Node, loc: Loc, problem: str, remedy: str) -> None:
        line, column = _place(node)
        self.findings.append(Finding(check, self.file, line, column, dotted(loc), problem, remedy))

    def _where(self, node: Node, loc: Loc) -> Place:
        """A block starts a line below its key: the key is what the reader looks for."""
        return _place(node) if isinstance(node, ScalarNode) else self.keys.get(loc, _place(node))


def _place(node: Node) -> Place:
    return (node.start_mark.line + 1, node.start_mark.column + 1)
