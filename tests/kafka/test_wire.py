"""Which framing the settings choose, and that both are read."""

from qosresolve.core.inputs import Degradation
from qosresolve.kafka.wire import contracts_for
from qosresolve.settings import load
from tests.kafka.harness import degradation


def test_without_a_registry_records_carry_single_object_encoding() -> None:
    """The embedded default: C3 01 and the schema's fingerprint."""
    _, data = contracts_for(load()).write_input(degradation("P1", 1))
    assert data[:2] == b"\xc3\x01"


def test_with_a_registry_records_carry_the_confluent_format_and_both_are_read() -> None:
    """With `schema_registry_url` magic byte and schema id go before the Avro; single-object is still read."""
    contracts = contracts_for(load(overrides=["schema_registry_url=mock://wire"]))
    event: Degradation = degradation("P1", 1)
    record, data = contracts.write_input(event)
    assert data[0] == 0
    assert contracts.read_input(record, data) == event
    single = contracts_for(load()).write_input(event)[1]
    assert contracts.read_input(record, single) == event
