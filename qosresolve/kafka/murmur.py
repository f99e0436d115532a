"""The partitioner of Kafka's Java clients: murmur2 of the key, positive, modulo the partition count.

Source: org.apache.kafka.common.utils.Utils.murmur2. librdkafka has it as `murmur2` but does not export it.
"""

KEPT = 200_000  # products whose hash is remembered
_SEED, _M, _R, _MASK = 0x9747B28C, 0x5BD1E995, 24, 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """Return the 32-bit murmur2 hash that Kafka uses."""
    length = len(data)
    value = (_SEED ^ length) & _MASK
    whole = length - length % 4
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little") * _M & _MASK
        word = (word ^ (word >> _R)) * _M & _MASK
        value = (value * _M & _MASK) ^ word
    if whole < length:
        value = (value ^ int.from_bytes(data[whole:], "little")) * _M & _MASK
    value = (value ^ (value >> 13)) * _M & _MASK
    return value ^ (value >> 15)


class _Hashes(dict[str, int]):
    """The positive hash of each product that came by lately: in Python it takes its time."""

    def __missing__(self, product_id: str) -> int:
        if len(self) >= KEPT:
            self.clear()
        found = self[product_id] = murmur2(product_id.encode()) & 0x7FFFFFFF
        return found


_HASHES = _Hashes()


def partition_of(product_id: str, partitions: int) -> int:
    """Return the partition that a product's records belong to."""
    return _HASHES[product_id] % partitions
