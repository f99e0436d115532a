"""A rebuild without a broker: what would be written, what is left alone, and what a partition remembers."""

from dataclasses import replace
from itertools import count

import pytest

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.headers import Alarm, alarm_headers
from qosresolve.contracts.records import Contracts
from qosresolve.core.facts import Entry, PolicyActivated
from qosresolve.core.inputs import Cause
from qosresolve.core.partition import TopicIdentity
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome, Verb
from qosresolve.kafka.outputs import Writer
from qosresolve.replay.differences import Name
from qosresolve.replay.folding import Folding
from qosresolve.replay.rebuild.plan import Lying, Plan, Planning
from qosresolve.replay.rebuild.positions import Remembering
from qosresolve.topics import DEGRADATION, Names
from tests.core.builders import PRODUCT, Product
from tests.kafka.bench import HERE, NAMES, POLICY_B, Bench, journal
from tests.kafka.harness import command, degradation
from tests.kafka.test_windows import NOW, lifting, setting, window

CONTRACTS = Contracts(SingleObjectCodec())


@pytest.fixture
def product() -> Product:
    """A product with a report, and a watch: an abatement of something else waits for its raise."""
    product = Product()
    product.sample("10:00", "good", indicator="loss")
    product.sample("10:01", "critical")
    product.command("10:05", "acknowledge")
    return product


def lying(report: Report) -> Lying:
    """Return a report as a worker wrote it."""
    due = report.due
    return Lying(CONTRACTS.write_report(report), None if due is None else Alarm(due, report.alarm))


def right(product: Product) -> dict[Name, Lying]:
    """Return what a worker wrote of a product."""
    watch = product.case.watch
    assert watch is not None
    assert watch.due is not None
    records = {(PRODUCT, item.report_id): lying(item) for item in product.case.reports}
    return records | {(PRODUCT, ""): Lying(CONTRACTS.write_watch(watch), Alarm(watch.due, watch.alarm))}


def planned(product: Product, stored: dict[Name, Lying], *, skip: int = 0, shortened: bool = False) -> Plan:
    """Return what a rebuild would write."""
    folding = Folding(shortened=shortened)
    for entry in product.entries[skip:]:
        folding.take(entry)
    return Planning(HERE, CONTRACTS, Writer(Names("x."), CONTRACTS)).plan(folding, stored)


def test_what_is_right_is_left_alone(product: Product) -> None:
    """So a rebuild goes on where one ended, and a second one writes nothing."""
    plan = planned(product, right(product))
    assert (plan.changes, plan.equal, plan.unprovable) == ((), 2, ())


def test_what_is_missing_is_written_as_the_worker_writes_it(product: Product) -> None:
    """Topic, partition, key, bytes and alarm of both records."""
    changes = {change.output.topic: change.output for change in planned(product, {}).changes}
    report, watch = changes["x.qos.report.v1"], changes["x.qos.watch.v1"]
    assert (report.partition, report.key) == (HERE, f"{PRODUCT}/{product.report.report_id}".encode())
    assert report.value == CONTRACTS.write_report(product.report)
    assert report.headers == alarm_headers(product.report.due, product.report.alarm)
    assert (watch.partition, watch.key) == (HERE, PRODUCT.encode())
    assert watch.value == right(product)[PRODUCT, ""].value
    assert watch.headers


def test_what_differs_cannot_be_read_or_is_not_armed_is_written(product: Product) -> None:
    """By value; bytes that are no report; a right report whose alarm the timer would not see."""
    name = (PRODUCT, product.report.report_id)
    wrong = [
        lying(replace(product.report, assignee="nobody")),
        Lying(b"no report", None),
        Lying(CONTRACTS.write_report(product.report), None),
    ]
    for record in wrong:
        (change,) = planned(product, right(product) | {name: record}).changes
        assert change.output.value == CONTRACTS.write_report(product.report)
        assert change.mismatch.report_id == name[1]


def test_what_the_journal_does_not_know_is_removed(product: Product) -> None:
    """A tombstone for a report and for a watch of nobody."""
    extra = replace(product.report, report_id="extra", product_id="P9")
    stored = right(product) | {("P9", "extra"): lying(extra), ("P9", ""): right(product)[PRODUCT, ""]}
    changes = planned(product, stored).changes
    assert [(change.removes, change.output.key) for change in changes] == [
        (True, b"P9"),
        (True, b"P9/extra"),
    ]


def test_what_began_before_the_journal_is_left_as_it_is(product: Product) -> None:
    """Nobody can say what it should be: neither overwritten nor removed, and named."""
    name = (PRODUCT, product.report.report_id)
    wrong = right(product) | {name: lying(replace(product.report, assignee="nobody"))}
    plan = planned(product, wrong, skip=2, shortened=True)
    assert plan.changes == ()
    assert plan.unprovable == (PRODUCT, "/".join(name))
    assert "/".join(name) in planned(product, {}, skip=2, shortened=True).unprovable


# -- what a partition remembers


def test_positions_policy_and_windows_are_told_by_the_journal() -> None:
    """What the worker's own record says, after inputs of several kinds, a window replaced, one lifted."""
    bench, remembering = Bench(clock=count(NOW, 1_000).__next__), Remembering()
    bench.take(
        bench.record(command("", Verb.ACTIVATE_POLICY, value=POLICY_B.hash, role="policy-manager")),
        bench.record(degradation("P1", 1)),
        bench.record(setting(window())),
        bench.raw(DEGRADATION, b"poison"),
    )
    entries = journal(bench.commit())
    bench.take(
        bench.record(setting(window(reason="longer"))),
        bench.record(setting(window("CHG-2"))),
        bench.record(lifting("CHG-2")),
        bench.record(lifting("nobody knows it")),
        bench.record(degradation("P1", 2)),
    )
    entries += journal(bench.commit())
    for entry in entries:
        remembering.take(entry)
    state = bench.partition.state
    assert [item.lifted_at is None for item in state.windows] == [False, False, True]
    assert remembering.state(HERE, dict.fromkeys(NAMES.inputs, 0), {}) == state


def test_an_input_of_which_the_journal_tells_nothing_begins_where_it_begins() -> None:
    """Nothing of it was taken; the first policy was activated by no record."""
    remembering = Remembering()
    cause, facts = Cause("x", 0, -1, "initial"), (PolicyActivated("p"),)
    remembering.take(Entry("", cause, 1, Outcome.CONTROL, Rule.NONE, "p", b"", facts))
    state = remembering.state(0, {"x": 7, "y": 9}, {"x": "id"})
    assert [item.next_offset for item in state.positions] == [7, 9]
    assert state.active_policy == "p"
    assert state.topic_ids == (TopicIdentity("x", "id"),)
