"""librdkafka's mock cluster, with its faults: any error to any request, slow, absent and moved brokers.

The library that confluent-kafka brings along exports the mock's functions, so nothing has to be compiled. The
cluster is no evidence of exactly once (it shows aborted records to everybody): it is for what a *client* does
when a broker answers this or that. The functions are experimental: they belong to the locked version.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CDLL, POINTER, c_char_p, c_int, c_int16, c_int32, c_size_t, c_void_p, create_string_buffer
from enum import IntEnum
from pathlib import Path

import confluent_kafka

GROUP, TRANSACTION = "group", "transaction"  # what has a coordinator


class Api(IntEnum):
    """Requests, by the number they have in Kafka's protocol."""

    PRODUCE = 0
    FETCH = 1
    LIST_OFFSETS = 2
    METADATA = 3
    OFFSET_COMMIT = 8
    OFFSET_FETCH = 9
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    SYNC_GROUP = 14
    INIT_PRODUCER_ID = 22
    ADD_PARTITIONS_TO_TXN = 24
    ADD_OFFSETS_TO_TXN = 25
    END_TXN = 26
    TXN_OFFSET_COMMIT = 28


class MockCluster:
    """Some brokers in this process, numbered from 1."""

    def __init__(self, brokers: int = 1) -> None:
        self.brokers = brokers
        self._library = _library()
        self._handle = self._client()
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._handle, brokers)
        assert self._cluster, "no mock cluster"
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)

    def _client(self) -> int:
        """Return a client of librdkafka, which a cluster needs for its threads and its log."""
        said = create_string_buffer(512)
        options = self._library.rd_kafka_conf_new()
        self._library.rd_kafka_conf_set(options, b"log_level", b"0", said, len(said))
        handle: int | None = self._library.rd_kafka_new(0, options, said, len(said))
        assert handle, said.value
        return handle

    def close(self) -> None:
        """End the brokers."""
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._handle)

    @property
    def bootstrap(self) -> str:
        """Return where the brokers listen."""
        found: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return found.decode()

    def create(self, topic: str, partitions: int, replicas: int = 1) -> None:
        """Make a topic; otherwise it comes into being by use, with four partitions."""
        self._check(
            self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), partitions, replicas)
        )

    # -- answers

    def answer(self, api: Api, *errors: int) -> None:
        """Let the next requests of a kind be answered by these errors, one each; 0 is none."""
        listed = (c_int * len(errors))(*errors)
        self._library.rd_kafka_mock_push_request_errors_array(self._cluster, api, len(errors), listed)

    def delay(self, api: Api, milliseconds: int, error: int = 0, *, broker: int = 1) -> None:
        """Let the next request of a kind to a broker wait for its answer."""
        self._check(
            self._library.rd_kafka_mock_broker_push_request_error_rtts(
                self._cluster, broker, api, 1, error, milliseconds
            )
        )

    def late(self, api: Api, milliseconds: int, times: int = 1) -> None:
        """Let the next requests of a kind wait for their answers, whichever broker they go to."""
        for broker in range(1, self.brokers + 1):
            for _ in range(times):
                self.delay(api, milliseconds, broker=broker)

    def clear(self, api: Api) -> None:
        """Forget the errors that were not given yet."""
        self._library.rd_kafka_mock_clear_request_errors(self._cluster, api)

    def topic_error(self, topic: str, error: int) -> None:
        """Let every look at a topic's metadata be answered by an error; 0 ends that."""
        self._library.rd_kafka_mock_topic_set_error(self._cluster, topic.encode(), error)

    # -- brokers

    def down(self, broker: int = 1) -> None:
        """Close a broker's port and connections."""
        self._check(self._library.rd_kafka_mock_broker_set_down(self._cluster, broker))

    def up(self, broker: int = 1) -> None:
        """Open it again."""
        self._check(self._library.rd_kafka_mock_broker_set_up(self._cluster, broker))

    def slow(self, milliseconds: int, broker: int = 1) -> None:
        """Let every request to a broker wait for its answer."""
        self._check(self._library.rd_kafka_mock_broker_set_rtt(self._cluster, broker, milliseconds))

    def coordinator(self, kind: str, key: str, broker: int) -> None:
        """Move the coordinator of a group or a transactional id to a broker."""
        self._check(
            self._library.rd_kafka_mock_coordinator_set(self._cluster, kind.encode(), key.encode(), broker)
        )

    # -- what was asked

    def listen(self) -> None:
        """Begin to keep what is asked."""
        self._library.rd_kafka_mock_start_request_tracking(self._cluster)

    def heard(self) -> list[int]:
        """Return the kinds of all requests that are kept, in order."""
        count = c_size_t()
        requests = self._library.rd_kafka_mock_get_requests(self._cluster, count)
        kinds = [self._library.rd_kafka_mock_request_api_key(requests[at]) for at in range(count.value)]
        if count.value:
            self._library.rd_kafka_mock_request_destroy_array(requests, count)
        return kinds

    def asked(self) -> list[int]:
        """Return the kinds of all requests since the last look, in order."""
        kinds = self.heard()
        self._library.rd_kafka_mock_clear_requests(self._cluster)
        return kinds

    def _check(self, error: int) -> None:
        assert error == 0, f"the mock cluster refused: {error}"


@contextmanager
def mock_cluster(brokers: int = 1) -> Iterator[MockCluster]:
    """Run a mock cluster for the length of a block."""
    cluster = MockCluster(brokers)
    try:
        yield cluster
    finally:
        cluster.close()


def _library() -> CDLL:
    """Return the very library that the clients of this process run on, its functions typed."""
    folder = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    library = CDLL(str(next(folder.glob("librdkafka*.so*"))))
    text, pointer, number = c_char_p, c_void_p, c_int32
    signatures: dict[str, tuple[object, list[object]]] = {
        "conf_new": (pointer, []),
        "conf_set": (c_int, [pointer, text, text, text, c_size_t]),
        "new": (pointer, [c_int, pointer, text, c_size_t]),
        "destroy": (None, [pointer]),
        "mock_cluster_new": (pointer, [pointer, c_int]),
        "mock_cluster_destroy": (None, [pointer]),
        "mock_cluster_bootstraps": (text, [pointer]),
        "mock_topic_create": (c_int, [pointer, text, c_int, c_int]),
        "mock_topic_set_error": (None, [pointer, text, c_int]),
        "mock_push_request_errors_array": (None, [pointer, c_int16, c_size_t, POINTER(c_int)]),
        "mock_broker_push_request_error_rtts": (c_int, [pointer, number, c_int16, c_size_t, c_int, c_int]),
        "mock_clear_request_errors": (None, [pointer, c_int16]),
        "mock_broker_set_down": (c_int, [pointer, number]),
        "mock_broker_set_up": (c_int, [pointer, number]),
        "mock_broker_set_rtt": (c_int, [pointer, number, c_int]),
        "mock_coordinator_set": (c_int, [pointer, text, text, number]),
        "mock_group_initial_rebalance_delay_ms": (None, [pointer, number]),
        "mock_start_request_tracking": (None, [pointer]),
        "mock_clear_requests": (None, [pointer]),
        "mock_get_requests": (POINTER(c_void_p), [pointer, POINTER(c_size_t)]),
        "mock_request_destroy_array": (None, [POINTER(c_void_p), c_size_t]),
        "mock_request_api_key": (c_int16, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, f"rd_kafka_{name}")
        function.restype = result
        function.argtypes = arguments
    return library
