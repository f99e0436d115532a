"""What is to be repaired of one report: what lies on its topic, and what its journal says it should be.

The topic is read first, the journal after it: so an owner who still holds what was found, or already what it
should be, has taken nothing that the journal did not tell by then, see `core.repair`.
"""

from dataclasses import dataclass

from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry
from qosresolve.core.inputs import Repair
from qosresolve.core.repair import UNREADABLE, digest
from qosresolve.core.report import Report
from qosresolve.errors import ConfigError, FatalError, PoisonRecordError
from qosresolve.kafka import clients
from qosresolve.kafka.murmur import partition_of
from qosresolve.kafka.offsets import Place, starts
from qosresolve.kafka.reading import read_all
from qosresolve.replay.audit import Disputed
from qosresolve.replay.differences import Mismatch, mismatch
from qosresolve.replay.folding import Folding
from qosresolve.replay.reports import key_of, latest, places, put, split
from qosresolve.replay.tracing import Tracing
from qosresolve.replay.verify import Progress
from qosresolve.settings import Settings
from qosresolve.topics import JOURNAL, REPORT

PAGE = "docs/runbooks/report-differs.md"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report, by its product."""

    product_id: str
    report_id: str


@dataclass(frozen=True, slots=True)
class Examined:
    """One report: how it differs, None where it does not, and what sets it right."""

    wanted: Wanted
    mismatch: Mismatch | None
    repair: Repair


def named(settings: Settings, name: str) -> Wanted:
    """Return the report of an id, or of the beginning of one, that lies on its topic. Raises ConfigError."""
    keys = [split(key) for key in latest(settings, places(settings, REPORT))]
    meant = [Wanted(*key) for key in keys if key[1].startswith(name)]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise ConfigError(f"{len(meant)} reports begin with {name}", setting="REPORT_ID", remedy="write more")
    raise ConfigError(
        f"no report {name} lies on its topic",
        setting="REPORT_ID",
        remedy="one that is missing needs its product: --product ID (`qosresolve verify` names both)",
    )


def examine(
    settings: Settings, contracts: Contracts, wanted: Wanted, progress: Progress | None = None
) -> Examined:
    """Compare one report with its journal.

    Raises ConfigError where neither knows it, FatalError where its beginning is past the journal's retention.
    """
    reports, journals = places(settings, REPORT), places(settings, JOURNAL)
    number = partition_of(wanted.product_id, len(reports))
    stored, why = _stored(settings, contracts, wanted, reports[number])
    journal = journals[number]
    shortened = starts(clients.admin(settings), [journal])[journal] > 0
    entries = _entries(settings, contracts, wanted, journal, progress)
    right = _folded(wanted, entries, shortened=shortened, lies=bool(stored or why))
    found = _mismatch(wanted, right, stored, why)
    traced = _traced(Disputed(found, right, stored), entries) if found else None
    return Examined(wanted, traced, Repair(right, UNREADABLE if why else digest(stored)))


def _stored(
    settings: Settings, contracts: Contracts, wanted: Wanted, place: Place
) -> tuple[Report | None, str]:
    """Return what lies on the topic, and why it cannot be read."""
    key, rows = f"{wanted.product_id}/{wanted.report_id}", dict[str, bytes]()
    for message in read_all(settings, [place]):
        if key_of(message) == key:
            put(rows, message)
    try:
        return (contracts.read_report(rows[key]) if rows else None), ""
    except PoisonRecordError as error:
        return None, str(error)


def _entries(
    settings: Settings, contracts: Contracts, wanted: Wanted, journal: Place, progress: Progress | None
) -> list[tuple[int, Entry]]:
    messages = read_all(settings, [journal], progress=progress)
    own = (message for message in messages if key_of(message) == wanted.product_id)
    return [(message.offset() or 0, contracts.read_entry(message.value() or b"")) for message in own]


def _folded(
    wanted: Wanted, entries: list[tuple[int, Entry]], *, shortened: bool, lies: bool
) -> Report | None:
    folding = Folding(shortened=shortened)
    for _, entry in entries:
        folding.take(entry)
    right = folding.case(wanted.product_id).report(wanted.report_id)
    if right is None and not folding.provable((wanted.product_id, wanted.report_id), stored=lies):
        raise FatalError(
            f"report {wanted.report_id} is unprovable: it was opened before the first entry that the journal "
            f"retains; see {PAGE}"
        )
    if right is None and not lies:
        raise ConfigError(
            f"neither topic nor journal know a report {wanted.report_id} of {wanted.product_id}",
            setting="REPORT_ID",
            remedy="`qosresolve verify` names what differs, with its product",
        )
    return right


def _mismatch(wanted: Wanted, right: Report | None, stored: Report | None, why: str) -> Mismatch | None:
    if why:
        return Mismatch(wanted.product_id, wanted.report_id, "unreadable", topic=why)
    return mismatch(wanted.product_id, wanted.report_id, right, stored)


def _traced(disputed: Disputed, entries: list[tuple[int, Entry]]) -> Mismatch:
    tracing = Tracing([disputed])
    for offset, entry in entries:
        tracing.take(entry, offset)
    (found,) = tracing.result()
    return found
