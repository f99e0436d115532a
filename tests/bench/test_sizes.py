"""What takes the bytes of a report: each byte is counted once, at the field that it belongs to."""

from tests.bench.population import LIVES, policy, reports
from tests.bench.sizes import sizes
from tests.bench.standing import Spread, events
from tests.kafka.harness import RECORDS


def test_all_bytes_of_a_report_are_told() -> None:
    """The fields and the frame add up to the record, whatever it holds."""
    for _, _, value in reports(range(LIVES)):
        assert sum(sizes("report", value).values()) == len(value)


def test_a_field_has_what_avro_makes_of_it() -> None:
    """A text of up to 63 bytes has one byte before it; rows are counted together."""
    product, _, value = next(reports(range(1)))
    found, report = sizes("report", value), RECORDS.read_report(value)
    assert found["product_id"] == len(product) + 1
    assert found["policy"] == len(policy().hash) + 2
    assert found["obligations[].obligation_id"] == 37 * len(report.obligations)


def test_an_event_is_told_too() -> None:
    """Any record of ours can be looked at."""
    event = next(events(Spread(10)))
    assert sum(sizes("degradation", event.value).values()) == len(event.value)
