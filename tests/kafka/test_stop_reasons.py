"""Whoever stops says which page to read, and the index of pages knows every page and every exit status."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from qosresolve import errors
from qosresolve.cli.run.roles import CRASHED
from qosresolve.telemetry import watchdog

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs" / "runbooks"
SOURCES = [
    *(ROOT / "qosresolve" / "kafka").glob("*.py"),
    *(ROOT / "qosresolve" / "replay" / "live").glob("*.py"),
]
STOPPING = ("FatalError", "FencedError")
PAGE = re.compile(r"docs/(?:runbooks/[a-z-]+|security)\.md")
# Raised for whoever types a command and reads the message at once; no process was running.
AT_THE_PROMPT = {"topics_admin.py", "embedded.py", "inventory_writing.py"}


class Index(ast.NodeVisitor):
    """The texts of every function and constant, by name, and every place that stops."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = defaultdict(str)
        self.stops: list[tuple[str, ast.Call]] = []
        self.file = ""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Keep what a function says."""
        self.texts[node.name] += _text(node)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Keep what a constant says."""
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id.isupper():
                self.texts[target.id] += _text(node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Keep a place that stops."""
        if isinstance(node.func, ast.Name) and node.func.id in STOPPING:
            self.stops.append((self.file, node))
        self.generic_visit(node)


def _text(node: ast.AST) -> str:
    found = (item.value for item in ast.walk(node) if isinstance(item, ast.Constant))
    return " ".join(item for item in found if isinstance(item, str))


def _named(node: ast.Call) -> Iterator[str]:
    for item in ast.walk(node):
        if isinstance(item, ast.Name):
            yield item.id
        elif isinstance(item, ast.Attribute):
            yield item.attr


def _index() -> Index:
    index = Index()
    for source in SOURCES:
        index.file = source.name
        index.visit(ast.parse(source.read_text(encoding="utf-8")))
    return index


INDEX = _index()
RUNNING = [(file, call) for file, call in INDEX.stops if file not in AT_THE_PROMPT]


@pytest.mark.parametrize(("file", "call"), RUNNING, ids=lambda item: getattr(item, "lineno", item))
def test_whoever_stops_names_a_page(file: str, call: ast.Call) -> None:
    """Somebody is called at night: the message alone has to lead on."""
    said = _text(call) + " ".join(INDEX.texts[name] for name in _named(call) if name in INDEX.texts)
    pages = PAGE.findall(said)
    assert pages, f"{file}:{call.lineno} stops and names no page"


def test_the_search_finds_something() -> None:
    """Otherwise the test above would be content with nothing."""
    assert len(RUNNING) > 20
    assert {file for file, _ in INDEX.stops} >= AT_THE_PROMPT


def test_the_index_knows_every_page() -> None:
    """Whoever has only the line of a log finds the page."""
    text = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([a-z-]+\.md)\)", text))
    assert linked == {page.name for page in RUNBOOKS.glob("*.md")} - {"README.md"}


def test_every_exit_status_is_explained() -> None:
    """One table for all of them; the README's sentence has the same ones."""
    kinds = (getattr(errors, name) for name in dir(errors))
    raised = {
        kind.exit_code
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, errors.QosResolveError)
    }
    table = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    explained = {int(status) for status in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert explained == raised | {0, 1, CRASHED, watchdog.EXIT_CODE}
    sentence = re.search(
        r"Exit status: (.*?)\n\n", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert sentence is not None
    assert {int(status) for status in re.findall(r"\b(\d+) [a-z]", sentence[1])} == explained
