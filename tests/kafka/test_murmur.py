"""The partitioner agrees with Kafka's Java clients, hash by hash."""

import pytest

from qosresolve.kafka.murmur import murmur2, partition_of

# From org.apache.kafka.common.utils.UtilsTest.testMurmur2.
KNOWN = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    "abc": 479470107,
}


@pytest.mark.parametrize("text", KNOWN)
def test_the_hash_is_javas(text: str) -> None:
    """The same bits as Utils.murmur2, which returns them as a signed int."""
    assert murmur2(text.encode()).to_bytes(4, "big") == KNOWN[text].to_bytes(4, "big", signed=True)


@pytest.mark.parametrize("text", KNOWN)
def test_the_partition_is_the_positive_hash_modulo_the_count(text: str) -> None:
    """Java takes the sign away by masking, not by the absolute value."""
    assert partition_of(text, 7) == (KNOWN[text] & 0x7FFFFFFF) % 7
