"""A worker's memory beside what the topics hold (7): at the same positions both are the same bytes.

So it is after a restore, after an abort, and when a removed key was compacted away (14).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.violation import expect

if TYPE_CHECKING:
    from qosresolve.kafka.partition import Partition
    from qosresolve.kafka.worker import Worker
    from tests.simulation.ledger import Ledger, Rows


def memory_is_stored(name: str, worker: Worker, ledgers: list[Ledger]) -> list[int]:
    """Compare every partition that a worker has read as far as it was committed; return their numbers."""
    assignment = getattr(worker, "_assignment", None)
    held: dict[int, Partition] = assignment.held if assignment is not None else {}
    compared = []
    for ledger in ledgers:
        partition = held.get(ledger.number)
        if partition is None or not partition.ready or partition.positions != ledger.positions:
            continue
        reports, watches = _rows(partition)
        _same(name, f"reports of partition {ledger.number}", reports, ledger.reports)
        _same(name, f"watches of partition {ledger.number}", watches, ledger.watches)
        compared.append(ledger.number)
    return compared


def _rows(partition: Partition) -> tuple[Rows, Rows]:
    return dict(partition.store.reports()), partition.store._watches


def _same(name: str, what: str, memory: Rows, stored: Rows) -> None:
    if memory == stored:
        return
    odd = sorted(key for key in memory.keys() | stored.keys() if memory.get(key) != stored.get(key))
    expect("7", False, f"{name} remembers other {what} than are stored: {odd[:3]} of {len(stored)}")
