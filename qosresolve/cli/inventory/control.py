"""Loading: compare, refuse what looks like an accident, write in one transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from qosresolve.cli.inventory import view
from qosresolve.cli.inventory.comparing import Difference, compare
from qosresolve.cli.output import console
from qosresolve.errors import ConfigError
from qosresolve.intake.loading.files import Loaded
from qosresolve.kafka.inventory import places
from qosresolve.kafka.inventory_writing import Writing
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.reports import latest
from qosresolve.settings import Settings

MANY = 10_000  # records that take long enough to be watched
MOST_REMOVED = 0.2  # of what is stored, unless somebody says --yes
DIFFERS = 1


@dataclass(frozen=True, slots=True)
class Order:
    """How to load, and how to tell of it."""

    replace: bool
    yes: bool
    dry_run: bool
    as_json: bool


def load(settings: Settings, wanted: Loaded, order: Order) -> None:
    """Write what differs, unless it is a dry run. Raises ConfigError for what would remove too much."""
    if order.dry_run:
        found = _compared(settings, wanted, replace=order.replace)
        view.difference(found, wanted, said="would be", as_json=order.as_json)
        return
    with Writing(settings) as writing:  # before it is compared: whoever else writes now is too late
        found = _compared(settings, wanted, replace=order.replace)
        _agreed(found, yes=order.yes)
        if len(found):
            with _bar(len(found)) as progress:
                writing.commit(found.changes(), progress)
    view.difference(found, wanted, said="", as_json=order.as_json)


def diff(settings: Settings, wanted: Loaded, *, replace: bool, as_json: bool) -> int:
    """Show what a load would write; return the exit status."""
    found = _compared(settings, wanted, replace=replace)
    view.difference(found, wanted, said="would be", as_json=as_json)
    return DIFFERS if len(found) else 0


def _compared(settings: Settings, wanted: Loaded, *, replace: bool) -> Difference:
    stored = latest(settings, places(settings))
    return compare(stored, wanted.relations, contracts_for(settings), replace=replace)


def _agreed(found: Difference, *, yes: bool) -> None:
    """Refuse to remove much: a file that is half of an export would take customers out of sight."""
    if yes or len(found.removed) <= MOST_REMOVED * found.stored:
        return
    gone, percent = len(found.removed), 100 * len(found.removed) / found.stored
    raise ConfigError(
        f"{gone} of {found.stored} relations ({percent:.0f} %) are not in the files and would be removed: "
        "events of these objects would be parked",
        setting="--replace",
        remedy="look with `qosresolve inventory diff FILE... --replace`; if the files are whole, say --yes",
    )


@contextmanager
def _bar(count: int) -> Iterator[Callable[[int], None]]:
    """Show progress on a terminal when there is something to wait for."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    screen = console(stderr=True)
    columns = (TextColumn("writing"), BarColumn(), MofNCompleteColumn())
    hidden = count <= MANY or not screen.is_terminal
    with Progress(*columns, console=screen, transient=True, disable=hidden) as bar:
        task = bar.add_task("writing", total=count)
        yield lambda done: bar.update(task, completed=done)
