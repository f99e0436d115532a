"""All reports that are held, or some of them, as one flat file."""

from collections.abc import Iterator

from qosresolve.cli.output import console
from qosresolve.cli.reports.bar import bar
from qosresolve.cli.reports.files import Row, check, format_of, write
from qosresolve.cli.reports.filter import Filter
from qosresolve.contracts.records import Contracts
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.choices import Format
from qosresolve.replay.columns import row
from qosresolve.replay.reports import Progress, latest, places
from qosresolve.settings import Settings
from qosresolve.topics import REPORT


def export(settings: Settings, chosen: Filter, file: str, given: Format | None, *, force: bool) -> None:
    """Write the reports that are wanted; say how many on standard error. Raises ConfigError."""
    kind = format_of(file, given)
    check(file, kind, force=force)
    with bar("reading") as progress:
        held = latest(settings, places(settings, REPORT), progress)
    with bar("writing") as progress:
        count = write(_rows(held, contracts_for(settings), chosen, progress), file, kind, force=force)
    console(stderr=True).print(
        f"{count} of {len(held)} reports to {'standard output' if file == '-' else file}"
    )


def _rows(held: dict[str, bytes], contracts: Contracts, chosen: Filter, progress: Progress) -> Iterator[Row]:
    """Yield rows in the order of their keys: two exports of the same reports are the same file."""
    for number, key in enumerate(sorted(held), 1):
        report = contracts.read_report(held[key])
        if chosen.takes(report):
            yield row(report)
        progress(number, len(held))
