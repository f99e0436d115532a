"""Decodes what may hurt, in a process of its own with little memory: `python -m tests.contracts.decoder`.

One JSON object a line on standard input: the record, the bytes in hex, and a registry's schema where the
bytes are in Confluent framing. One line comes back for each: what came of it, CPU seconds, MiB at the peak.
"""

import json
import resource
import sys
import time
import tracemalloc

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from qosresolve.contracts.confluent import ConfluentCodec
from qosresolve.contracts.records import Contracts
from qosresolve.errors import PoisonRecordError

INPUTS = ("degradation", "command", "deadline", "activity-status", "trouble-status", "supplier-status")
MEMORY, CPU_S = 1 << 30, 120


def decoded(record: str, data: bytes, schema: str) -> str:
    """Return what reading came to, `read` or `poison`."""
    client = SchemaRegistryClient.new_client({"url": f"mock://{time.monotonic_ns()}"})
    codec = ConfluentCodec(client, lambda name: name)
    if schema:
        data = b"\x00" + client.register_schema("foreign", Schema(schema, "AVRO")).to_bytes(4, "big") + data
    try:
        if record in INPUTS:
            Contracts(codec).read_input(record, data)
        else:
            codec.decode(record, data)
    except PoisonRecordError as error:
        return f"poison: {error}"
    return "read"


def main() -> None:
    """Read orders until there are none."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    for line in sys.stdin:
        order = json.loads(line)
        data = bytes.fromhex(order["data"])
        decoded(order["record"], data[:20], "")  # schemas are parsed once
        tracemalloc.start()
        began = time.process_time()
        came_to = decoded(order["record"], data, order.get("schema", ""))
        seconds = time.process_time() - began
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        sys.stdout.write(json.dumps([came_to, seconds, peak]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
