"""Verification and reading back on a real broker, from records written as the worker writes them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from confluent_kafka import Message

from qosresolve.contracts.records import Contracts
from qosresolve.core.case import Case
from qosresolve.core.inputs import Command
from qosresolve.core.partition import PartitionState, Position
from qosresolve.errors import ConfigError
from qosresolve.kafka import clients, topics_admin
from qosresolve.kafka.offsets import Place
from qosresolve.kafka.outputs import Output, Writer
from qosresolve.kafka.reading import read_all
from qosresolve.kafka.wire import contracts_for
from qosresolve.replay.audit import ATTEMPTS
from qosresolve.replay.reports import journal_of, partition_states, stored_reports
from qosresolve.replay.verify import Progress, verify
from qosresolve.settings import Settings, load
from qosresolve.topics import REPORT, Names
from tests.core.builders import PRODUCT, TOPICS, Product

ONE = 0  # the only partition


@pytest.fixture
def settings(kafka_bootstrap: str, prefix: str) -> Settings:
    """Topics of one partition under a prefix of their own."""
    values = {"bootstrap_servers": kafka_bootstrap, "prefix": prefix, "group": prefix}
    sets = [f"{name}={value}" for name, value in values.items()]
    settings = load(None, [*sets, "partitions=1", "replication_factor=1"])
    topics_admin.create(settings)
    return settings


@pytest.fixture
def contracts(settings: Settings) -> Contracts:
    """The bundled schemas."""
    return contracts_for(settings)


@pytest.fixture
def product() -> Product:
    """A product with a report that was opened and acknowledged."""
    product = Product()
    product.sample("10:00", "critical")
    product.command("10:05", "acknowledge")
    return product


def produce(settings: Settings, outputs: Iterable[Output]) -> None:
    """Write records, acknowledged."""
    producer = clients.plain_producer(settings)
    for output in outputs:
        producer.produce(output.topic, output.value, output.key, output.partition)
    assert producer.flush(10) == 0


def written(settings: Settings, contracts: Contracts, product: Product, commands: int = 1_000) -> Writer:
    """Write a product's journal, its report and the positions; return the writer."""
    writer = Writer(Names(settings.prefix), contracts)
    nexts = dict.fromkeys(TOPICS.values(), 1_000) | {TOPICS[Command]: commands}
    positions = tuple(Position(topic, at) for topic, at in nexts.items())
    journal = [writer.journal(ONE, entry, None) for entry in product.entries]
    state = writer.partition(PartitionState(ONE, positions, "policy-1"), 0)
    produce(settings, [*journal, *writer.changes(ONE, Case(PRODUCT), product.case), state])
    return writer


def test_equal_topics_verify_and_one_changed_report_does_not(
    settings: Settings, contracts: Contracts, product: Product
) -> None:
    """The journal is the truth; a report that was tampered with is found, by its first field."""
    seen: list[tuple[int, int]] = []
    writer = written(settings, contracts, product)
    result = verify(settings, contracts, lambda done, expected: seen.append((done, expected)))
    assert (result.equal, result.reports, result.entries, result.partitions) == (True, 1, 2, 1)
    assert seen[-1][0] <= seen[-1][1] == 3  # two entries and a report
    changed = replace(product.report, assignee="somebody else")
    produce(settings, [writer.report(ONE, changed)])
    (found,) = verify(settings, contracts).mismatches
    assert (found.path, found.topic) == ("assignee", "somebody else")


@pytest.mark.parametrize("times", [1, ATTEMPTS])
def test_a_report_that_compaction_took_from_under_the_reader(
    settings: Settings, contracts: Contracts, product: Product, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """It moved meanwhile: the partition is read again; what stays away is missing."""
    written(settings, contracts, product, commands=0)
    left = [times]

    def overtaken(settings: Settings, where: list[Place], **options: Progress) -> Iterator[Message]:
        gone = left[0] > 0 and where[0][0] == Names(settings.prefix).of(REPORT)
        left[0] -= gone
        found = list(read_all(settings, where, progress=options["progress"]))
        return iter([] if gone else found)

    monkeypatch.setattr("qosresolve.replay.verify.read_all", overtaken)
    result = verify(settings, contracts)
    assert [found.kind for found in result.mismatches] == ["missing"] * (times == ATTEMPTS)
    assert left == [0]


def test_reports_journal_and_positions_are_read_back(
    settings: Settings, contracts: Contracts, product: Product
) -> None:
    """What was written is what is read; another product's journal is empty."""
    written(settings, contracts, product)
    assert stored_reports(settings, contracts) == [product.report]
    assert stored_reports(settings, contracts, lambda name, _: name != PRODUCT) == []
    assert list(journal_of(settings, contracts, PRODUCT)) == product.entries
    assert list(journal_of(settings, contracts)) == product.entries
    assert list(journal_of(settings, contracts, "another")) == []
    assert partition_states(settings, contracts)[ONE].active_policy == "policy-1"


def test_without_topics_the_remedy_is_named(settings: Settings, contracts: Contracts) -> None:
    """A wrong prefix is a setting to mend, not an empty result."""
    elsewhere = settings.model_copy(update={"prefix": f"{settings.prefix}not."})
    with pytest.raises(ConfigError, match="topics create"):
        verify(elsewhere, contracts)
