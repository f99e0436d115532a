"""What has to be written so that one partition's reports and watches are what the journal says. Pure.

What lies there already, with the same value and the same alarm, is left as it is: so a rebuild that was
interrupted goes on where it ended, and one that has nothing to do writes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from qosresolve.contracts import headers as head
from qosresolve.contracts.headers import Alarm
from qosresolve.contracts.records import Contracts
from qosresolve.core.report import Report
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka.outputs import Output, Writer
from qosresolve.replay.differences import Mismatch, Name, Record, mismatch
from qosresolve.replay.folding import Folding


@dataclass(frozen=True, slots=True)
class Lying:
    """A record as it lies on its topic."""

    value: bytes
    alarm: Alarm | None


@dataclass(frozen=True, slots=True)
class Change:
    """One record to write, or a tombstone, and what it mends."""

    mismatch: Mismatch
    output: Output

    @property
    def removes(self) -> bool:
        """Tell whether it is a tombstone."""
        return self.output.value is None


@dataclass(frozen=True, slots=True)
class Plan:
    """One partition: what is to be written, how much is so already, and what the journal cannot tell."""

    changes: tuple[Change, ...]
    equal: int
    unprovable: tuple[str, ...]


class Planning:
    """Compares one partition's records with its journal, and makes the records that are to be written."""

    def __init__(self, number: int, contracts: Contracts, writer: Writer) -> None:
        self._number = number
        self._contracts = contracts
        self._writer = writer

    def plan(self, folding: Folding, stored: Mapping[Name, Lying]) -> Plan:
        """Return what has to be written, by name. Raises PoisonRecordError for what is above its cap."""
        folded = folding.records()
        changes, unprovable, equal = [], [], 0
        for name in sorted(folded.keys() | stored.keys() | folding.headless):
            record, lying = folded.get(name), stored.get(name)
            found = self._mismatch(name, record, lying)
            provable = folding.provable(name, stored=lying is not None)
            if not provable and (found or lying is None):
                unprovable.append("/".join(filter(None, name)))
            elif found:
                changes.append(Change(found, self._output(name, record)))
            else:
                equal += 1
        return Plan(tuple(changes), equal, tuple(unprovable))

    def _mismatch(self, name: Name, record: Record | None, lying: Lying | None) -> Mismatch | None:
        if lying is None:
            return mismatch(*name, record, None)
        try:
            stored = self._read(name, lying.value)
        except PoisonRecordError as error:
            return Mismatch(*name, "unreadable", topic=str(error))
        return mismatch(*name, record, stored) or _alarm(name, record, lying.alarm)

    def _read(self, name: Name, value: bytes) -> Record:
        return self._contracts.read_report(value) if name[1] else self._contracts.read_watch(value)

    def _output(self, name: Name, record: Record | None) -> Output:
        if isinstance(record, Report):
            return self._writer.report(self._number, record)
        if name[1]:
            return self._writer.removed(self._number, *name)
        return self._writer.watch(self._number, name[0], record)


def _alarm(name: Name, record: Record | None, alarm: Alarm | None) -> Mismatch | None:
    """Compare the headers that the timer reads: it does not look into a record."""
    due = None if record is None else record.due
    wanted = None if record is None or due is None else Alarm(due, record.alarm)
    if alarm == wanted:
        return None
    return Mismatch(*name, "differs", "headers due, alarm", _told(wanted), _told(alarm))


def _told(alarm: Alarm | None) -> str:
    return "none" if alarm is None else f"{alarm.due}, {alarm.alarm}"


def alarm_of(headers: head.Given) -> Alarm | None:
    """Return the alarm of a record; headers that make no sense arm nothing, as for the timer."""
    try:
        return head.read_alarm(headers)
    except PoisonRecordError:
        return None
