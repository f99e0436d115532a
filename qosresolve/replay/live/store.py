"""Records as bytes, decoded on first use: what the auditor believes of one partition.

A bounded number of decoded records is kept, as `kafka.cases` does by product; here it is by record, because
facts touch reports and watch one by one.
"""

from collections import OrderedDict
from collections.abc import KeysView

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.glance import Glance
from qosresolve.contracts.records import Contracts
from qosresolve.core.report import Report
from qosresolve.replay.audit import Name
from qosresolve.replay.differences import Record

_OURS = len(SingleObjectCodec().frame("report"))
_REGISTRY = 5  # bytes of Confluent framing: 00 and the schema's id


class Writer:
    """Writes records as the worker does, to compare them as bytes: that takes a tenth of decoding one.

    It is the auditor's own, since it remembers parts of what it wrote last; and it asks no registry, which it
    would have to write to.
    """

    def __init__(self) -> None:
        self._contracts = Contracts(SingleObjectCodec())

    def same(self, record: Record, value: bytes) -> bool:
        """Tell whether bytes are those of a record in today's schema; older ones may still be its value."""
        own = (
            self._contracts.write_report(record)
            if isinstance(record, Report)
            else self._contracts.write_watch(record)
        )
        return own == value or (value[:1] == b"\x00" and own[_OURS:] == value[_REGISTRY:])


class Store:
    """Raw reports and watches by name; what is absent has no row."""

    def __init__(self, contracts: Contracts, writer: Writer, cached: int) -> None:
        self._contracts = contracts
        self._writer = writer
        self._cached = cached
        self._raw: dict[Name, bytes] = {}
        self._decoded: OrderedDict[Name, Record] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of records held."""
        return len(self._raw)

    def raw(self, name: Name) -> bytes | None:
        """Return a record's bytes, None where there is none."""
        return self._raw.get(name)

    def names(self) -> KeysView[Name]:
        """Return the name of every record held."""
        return self._raw.keys()

    def put(self, name: Name, value: bytes | None, record: Record | None = None) -> None:
        """Take a record's bytes, and what they say where that is known; None removes it."""
        self._decoded.pop(name, None)
        if value is None:
            self._raw.pop(name, None)
            return
        self._raw[name] = value
        if record is not None:
            self._remember(name, record)

    def get(self, name: Name) -> Record | None:
        """Return a record, None where there is none. Raises PoisonRecordError, RetriableError."""
        record = self._decoded.get(name)
        if record is not None:
            return record
        value = self._raw.get(name)
        if value is None:
            return None
        record = self.read(name, value)
        self._remember(name, record)
        return record

    def _remember(self, name: Name, record: Record) -> None:
        self._decoded[name] = record
        if len(self._decoded) > self._cached:
            self._decoded.popitem(last=False)

    def read(self, name: Name, value: bytes) -> Record:
        """Return what bytes of that name say. Raises PoisonRecordError, RetriableError."""
        return self._contracts.read_report(value) if name[1] else self._contracts.read_watch(value)

    def glance(self, value: bytes) -> tuple[Glance, int]:
        """Return what the bytes of a report say at a glance. Raises PoisonRecordError, RetriableError."""
        return self._contracts.read_glance(value)

    def same(self, record: Record | None, value: bytes) -> bool:
        """Tell whether bytes are those of a record, in today's schema."""
        return record is not None and self._writer.same(record, value)
