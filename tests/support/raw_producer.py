"""Produces what Python's client cannot: headers whose names are any bytes.

The library that confluent-kafka brings along is called directly.
"""

from collections.abc import Sequence
from ctypes import CDLL, c_char_p, c_int, c_int32, c_size_t, c_ssize_t, c_void_p, create_string_buffer
from pathlib import Path

import confluent_kafka

_END, _TOPIC, _PARTITION, _VALUE, _KEY, _FLAGS, _HEADERS = 0, 1, 3, 4, 5, 7, 10
_COPY = 2


def produce(
    bootstrap: str,
    topic: str,
    partition: int,
    record: tuple[bytes, bytes],
    headers: Sequence[tuple[bytes, bytes]],
) -> None:
    """Write one record, key and value, and wait until it is acknowledged."""
    library, (key, value) = _library(), record
    said = create_string_buffer(512)
    options = library.rd_kafka_conf_new()
    library.rd_kafka_conf_set(options, b"bootstrap.servers", bootstrap.encode(), said, len(said))
    client = library.rd_kafka_new(0, options, said, len(said))
    assert client, said.value
    listed = library.rd_kafka_headers_new(len(headers))
    for name, held in headers:
        library.rd_kafka_header_add(listed, name, len(name), held, len(held))
    failed = library.rd_kafka_producev(
        c_void_p(client),
        *(c_int(_TOPIC), c_char_p(topic.encode()), c_int(_PARTITION), c_int32(partition)),
        *(c_int(_VALUE), c_char_p(value), c_size_t(len(value))),
        *(c_int(_KEY), c_char_p(key), c_size_t(len(key))),
        *(c_int(_FLAGS), c_int(_COPY), c_int(_HEADERS), c_void_p(listed), c_int(_END)),
    )
    assert not failed
    assert not library.rd_kafka_flush(client, 10_000)
    library.rd_kafka_destroy(client)


def _library() -> CDLL:
    folder = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    library = CDLL(str(next(folder.glob("librdkafka*.so*"))))
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_headers_new"):
        getattr(library, name).restype = c_void_p
    library.rd_kafka_conf_set.argtypes = [c_void_p, c_char_p, c_char_p, c_char_p, c_size_t]
    library.rd_kafka_new.argtypes = [c_int, c_void_p, c_char_p, c_size_t]
    library.rd_kafka_headers_new.argtypes = [c_size_t]
    library.rd_kafka_header_add.argtypes = [c_void_p, c_char_p, c_ssize_t, c_char_p, c_ssize_t]
    library.rd_kafka_flush.argtypes = [c_void_p, c_int]
    library.rd_kafka_destroy.argtypes = [c_void_p]
    return library
