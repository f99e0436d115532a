"""What an order comes to, once its options are read: the parts that the verbs of `verbs` are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qosresolve.cli.reports.filter import ALL, Filter
from qosresolve.core.vocabulary import OPEN, Status, Verb

Fields = Mapping[str, object]  # of a Command; nested for its finding or degradation


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which reports are meant, and how many at most."""

    names: tuple[str, ...] = ()
    by: Filter = ALL
    most: int = 20
    yes: bool = False

    @property
    def filtered(self) -> bool:
        """True when reports are chosen by what they are, not by name."""
        return self.by != ALL


@dataclass(frozen=True, slots=True)
class Manner:
    """Who orders it, and how it is done; `timeout` in seconds."""

    actor: str = ""
    role: str = ""
    timeout: float = 15.0
    dry_run: bool = False
    as_json: bool = False
    config: Path | None = None
    sets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """One verb with its fields. Several `rounds` are given one after the other, each if the last was applied.

    A filter without a status takes reports of the `usual` ones.
    """

    verb: Verb
    rounds: tuple[Fields, ...]
    chosen: Chosen = Chosen()
    manner: Manner = Manner()
    usual: frozenset[Status] = frozenset(OPEN)
