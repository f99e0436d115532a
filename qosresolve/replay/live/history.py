"""What was there before the auditor: the whole journal of a partition folded, once, beside the live audit.

It is `verify`, a partition at a time and in slices between two polls, so that what is new need not wait.
"""

import time
from collections.abc import Generator, Iterator

import structlog
from confluent_kafka import Message

from qosresolve.contracts.records import Contracts
from qosresolve.errors import PoisonRecordError
from qosresolve.kafka import clients
from qosresolve.kafka.offsets import Place, ends, starts
from qosresolve.kafka.reading import read_all
from qosresolve.replay.audit import ATTEMPTS, Audit, Verification
from qosresolve.replay.live.partition import PartitionAudit
from qosresolve.replay.reports import partition_states, put
from qosresolve.settings import Settings
from qosresolve.telemetry.metrics import AuditorMetrics
from qosresolve.telemetry.progress import Progress
from qosresolve.topics import JOURNAL, REPORT, WATCH, Names

BUDGET_S = 0.2

Check = Generator[None, None, Verification]


class History:
    """The partitions whose past is still to be folded, one after the other."""

    def __init__(self, settings: Settings, contracts: Contracts, metrics: AuditorMetrics) -> None:
        self._settings = settings
        self._contracts = contracts
        self._names = Names(settings.prefix)
        self._admin = clients.admin(settings)
        self._progress = Progress(metrics.history, "auditor", "history")
        self._log = structlog.get_logger(role="auditor")
        self._wanted: list[PartitionAudit] = []
        self._check: Check | None = None
        self.entries = 0  # folded so far, of whole partitions

    def want(self, audit: PartitionAudit) -> None:
        """Fold a partition's past, when its turn comes."""
        self._wanted.append(audit)

    def drop(self, number: int) -> None:
        """Leave a partition's past to whoever has it now."""
        if self._wanted and self._wanted[0].number == number:
            self._end()
        self._wanted = [audit for audit in self._wanted if audit.number != number]

    def advance(self) -> None:
        """Go on for a bounded time. Raises RetriableError: begins anew; FatalError when reading stalls."""
        if not self._wanted:
            return
        audit, end = self._wanted[0], time.monotonic() + BUDGET_S
        self._check = self._check or self._checking(audit.number)
        try:
            while time.monotonic() < end:
                next(self._check)
        except StopIteration as done:
            self._conclude(audit, done.value)
        except PoisonRecordError as error:
            audit.standing.of("journal", "unreadable", -1)
            self._log.error("audit: the past cannot be read", partition=audit.number, why=str(error))
            self._next()
        except Exception:
            self._end()
            raise

    def _conclude(self, audit: PartitionAudit, result: Verification) -> None:
        audit.standing.past(result.mismatches)
        self.entries += result.entries
        self._log.info(
            "audit: the past was folded",
            partition=audit.number,
            entries=result.entries,
            reports=result.reports,
            watches=result.watches,
            differ=len(result.mismatches),
            unprovable=len(result.unprovable),
        )
        self._next()

    def _next(self) -> None:
        self._end()
        self._wanted = self._wanted[1:]

    def _end(self) -> None:
        if self._check is not None:
            self._check.close()
        self._check = None
        self._progress.done()

    def _checking(self, number: int) -> Check:
        """Read positions, state and journal, in this order, see `replay.audit`; yield after every record."""
        for _ in range(ATTEMPTS):
            audit = yield from self._reading(number)
            if not audit.overtaken:
                break
        return audit.result()

    def _reading(self, number: int) -> Generator[None, None, Audit]:
        journal, *state = ((self._names.of(topic), number) for topic in (JOURNAL, REPORT, WATCH))
        first, last = starts(self._admin, [journal, *state]), ends(self._admin, [journal, *state])
        left = {place: last[place] - first[place] for place in last}
        positions = partition_states(self._settings, self._contracts)
        audit = Audit(positions.get(number), shortened=first[journal] > 0)
        for place in state:
            rows: dict[str, bytes] = {}
            for message in self._read(place, left):
                put(rows, message)
                yield
            for key, value in rows.items():
                audit.put(self._contracts, key, value, watch=place is state[1])
                yield
        for message in self._read(journal, left):
            audit.take(self._contracts.read_entry(message.value() or b""))
            yield
        return audit

    def _read(self, place: Place, left: dict[Place, int]) -> Iterator[Message]:
        total = sum(left.values())

        def told(done: int, expected: int) -> None:
            left[place] = expected - done
            self._progress.at(total, min(total, sum(left.values())))

        yield from read_all(self._settings, [place], progress=told)
