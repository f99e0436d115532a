"""The cases of a partition: raw bytes until they are needed, and never more decoded than allowed."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.core.report import Report
from qosresolve.core.watch import Suppression, Watch
from qosresolve.kafka.cases import CaseStore
from tests.kafka.bench import Bench
from tests.kafka.harness import RECORDS, degradation


class Counting(Contracts):
    """The contracts, counting what they decode."""

    def __init__(self) -> None:
        super().__init__(SingleObjectCodec())
        self.read = 0

    def read_report(self, data: bytes) -> Report:
        self.read += 1
        return super().read_report(data)


@pytest.fixture
def contracts() -> Counting:
    return Counting()


@pytest.fixture
def store(contracts: Counting) -> CaseStore:
    return CaseStore(contracts, cached=2)


@cache
def _opened() -> Report:
    bench = Bench()
    bench.take(bench.record(degradation("P1", 1)))
    bench.commit()
    opened = bench.partition.store.get("P1").open
    assert opened is not None
    return opened


def _report(product: str = "P1", report_id: str = "R1", opened_at: int = 1) -> Report:
    return replace(_opened(), product_id=product, report_id=report_id, opened_at=opened_at)


def _put(store: CaseStore, report: Report) -> None:
    store.put_report(f"{report.product_id}/{report.report_id}", RECORDS.write_report(report))


def test_nothing_is_decoded_before_it_is_asked_for(store: CaseStore, contracts: Counting) -> None:
    """A restore indexes by key; bytes that nobody needs stay bytes."""
    _put(store, _report("P1"))
    store.put_report("P2/R2", b"not even Avro")
    assert len(store) == 2
    assert contracts.read == 0
    assert store.get("P1").latest == _report("P1")
    assert contracts.read == 1


def test_a_product_that_is_not_held_has_an_empty_case(store: CaseStore) -> None:
    """A first event finds a case without anything in it."""
    assert store.get("P9") == Case("P9")
    assert len(store) == 0


def test_reports_of_a_product_come_oldest_first(store: CaseStore) -> None:
    """Compaction keeps records in the order of their last write, not of their opening."""
    for report_id, opened_at in (("R3", 30), ("R1", 10), ("R2", 20)):
        _put(store, _report("P1", report_id, opened_at))
    assert [report.report_id for report in store.get("P1").reports] == ["R1", "R2", "R3"]


def test_a_product_may_have_a_slash_in_its_name(store: CaseStore) -> None:
    """The report id is what follows the last slash."""
    _put(store, _report("line/7"))
    assert list(store.products()) == ["line/7"]


def test_a_tombstone_removes_one_report(store: CaseStore) -> None:
    """The others of the product stay; with the last one the product is gone."""
    for report_id in ("R1", "R2"):
        _put(store, _report("P1", report_id))
    store.put_report("P1/R1", None)
    assert [report.report_id for report in store.get("P1").reports] == ["R2"]
    store.put_report("P1/R2", None)
    assert len(store) == 0
    assert store.get("P1") == Case("P1")


KEYS = [f"{product}/{report}" for product in ("P1", "line/7", "") for report in ("R1", "R10", "R2", "")]


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.none() | st.binary(max_size=8))))
def test_what_is_held_is_what_was_put_last(records: list[tuple[str, bytes | None]]) -> None:
    """Of every key the last record, byte for byte, however many reports a product has, or had."""
    store, last = CaseStore(RECORDS, cached=2), dict[str, bytes]()
    for key, value in records:
        store.put_report(key, value)
        last.pop(key, None)
        if value is not None:
            last[key] = value
    assert dict(store.reports()) == last
    assert set(store.products()) == {key.rpartition("/")[0] for key in last}


def test_a_tombstone_of_another_report_removes_nothing(store: CaseStore) -> None:
    """Forgetting a predecessor leaves its successor, even where one id begins like the other."""
    _put(store, _report("P1", "R1"))
    for report_id in ("R", "R10", ""):
        store.put_report(f"P1/{report_id}", None)
    assert dict(store.reports()) == {"P1/R1": RECORDS.write_report(_report("P1", "R1"))}


def test_a_tombstone_of_nothing_is_nothing(store: CaseStore) -> None:
    """A compacted topic may begin with a tombstone."""
    store.put_report("P1/R1", None)
    store.put_watch("P1", None)
    assert len(store) == 0


def test_a_watch_alone_is_a_case(store: CaseStore) -> None:
    """It is held, and removed by its tombstone, like a report."""
    watch = Watch("P1", 5, 1, suppressions=(Suppression("latency", "o", "s", "major", 99, "R1"),))
    store.put_watch("P1", RECORDS.write_watch(watch))
    assert store.get("P1") == Case("P1", watch)
    assert len(store) == 1
    store.put_watch("P1", None)
    assert store.get("P1") == Case("P1")


def test_a_newer_record_ends_what_was_decoded(store: CaseStore) -> None:
    """What lies on the topic is the truth, not what was decoded before it."""
    old = _report("P1")
    _put(store, old)
    store.accept(Case("P1", None, (old,)))
    new = replace(old, description="newer")
    _put(store, new)
    assert store.get("P1").reports == (new,)


def test_no_more_than_allowed_stays_decoded(store: CaseStore, contracts: Counting) -> None:
    """The case that was longest without a change goes first, and comes back from its bytes."""
    for product in ("P1", "P2", "P1", "P3"):
        report = _report(product)
        _put(store, report)
        store.accept(Case(product, None, (report,)))
    store.get("P1")
    store.get("P3")
    assert contracts.read == 0
    assert store.get("P2").reports == (_report("P2"),)
    assert contracts.read == 1


def test_what_was_decoded_is_kept(store: CaseStore, contracts: Counting) -> None:
    """Asked for again, a case is the same object: nothing is decoded, or taken for changed, a second time."""
    _put(store, _report("P1", "R1"))
    _put(store, _report("P1", "R2", opened_at=2))
    first = store.get("P1")
    assert store.get("P1") is first
    assert contracts.read == 2
