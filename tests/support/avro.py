"""Bytes of Avro, made by hand: for what no writer would write."""


def zigzag(number: int) -> bytes:
    """Return a long as Avro writes it."""
    left = (number << 1 ^ number >> 63) & (1 << 64) - 1
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes((*out, left))
