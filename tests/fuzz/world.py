"""Policies, products and a registry for histories: what is there before anything is taken."""

import json
from dataclasses import replace
from functools import cache

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from qosresolve.contracts import schemas
from qosresolve.contracts.confluent import ConfluentCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.policy import Policies, Policy
from qosresolve.kafka.murmur import partition_of
from qosresolve.topics import INPUTS
from tests.core.machine import POLICIES as PLAIN
from tests.kafka.bench import HERE
from tests.kafka.harness import PARTITIONS

ROLES = ("operator", "close", "policy-manager", "guest", "")
ODD_PRODUCTS = (
    "a/b",
    "p\u00fcnkt",
    " ",
    "x" * 256,
    "\U0001f4a9",
    "%2F",
    "P|1",
    "0",
    "../p",
    "e\u0301",
    "a" * 255,
)


def _hashed(policy: Policy, number: int) -> Policy:
    roles = {
        **policy.roles,
        "activate-policy": ("policy-manager",),
        "set-window": ("policy-manager", "operator"),
    }
    return replace(policy, hash=f"{number:064x}", roles=roles)


@cache
def policies() -> dict[str, Policy]:
    """Return every policy of the core's state machine, under hashes that can be ordered."""
    hashed = [_hashed(policy, number) for number, policy in enumerate(PLAIN.values(), 10)]
    return {policy.hash: policy for policy in hashed}


def known() -> dict[str, Policies]:
    """Return what a policy book would hold."""
    return {name: Policies(policy, policies()) for name, policy in policies().items()}


@cache
def products(*, here: bool) -> tuple[str, ...]:
    """Return products that hash to the partition, or do not."""
    names = [*ODD_PRODUCTS, *(f"P{number}" for number in range(40))]
    return tuple(name for name in names if (partition_of(name, PARTITIONS) == HERE) is here)


class Registry:
    """A registry in memory that may be down: our schemas, others like them, and some to be refused."""

    def __init__(self) -> None:
        self.down = False
        self.ids: list[int] = []
        self._client = SchemaRegistryClient.new_client({"url": f"mock://{id(self)}"})
        for record in (topic.record for topic in INPUTS):
            for text in (schemas.text(record), *_evolved(record), *_refused()):
                self._add(Schema(text, "AVRO"))
        self._add(Schema('{"type": "object"}', "JSON"))
        self.contracts = Contracts(_Reading(self))  # read by this registry, write without it

    def _add(self, schema: Schema) -> None:
        self.ids.append(self._client.register_schema(f"subject-{len(self.ids)}", schema))

    def get_schema(self, schema_id: int) -> Schema:
        """Answer, or do not."""
        if self.down:
            raise SchemaRegistryError(503, -1, "down")
        return self._client.get_schema(schema_id)

    def clear_caches(self) -> None:
        """Remember nothing."""


class _Reading(ConfluentCodec):
    """Reads by a registry; what it writes is compared, so it is written as ever."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry, lambda record: record)  # type: ignore[arg-type] # all that is asked of it

    def frame(self, record: str) -> bytes:
        return b"\xc3\x01" + schemas.current(record).fingerprint


def _evolved(record: str) -> list[str]:
    """Return a record's schema with fields that we do not know, first and last."""
    array = {"type": "array", "items": "double"}
    names = {"type": "map", "values": ["null", "string"]}
    schema = json.loads(schemas.text(record))
    last = schema | {"fields": [*schema["fields"], {"name": "later", "type": array}]}
    first = schema | {
        "fields": [{"name": "sooner", "type": names}, {"name": "many", "type": array}, *schema["fields"]]
    }
    return [json.dumps(last), json.dumps(first)]


def _refused() -> list[str]:
    kinds: list[object] = [["null", "R"], {"type": "array", "items": "null"}]
    records = [{"type": "record", "name": "R", "fields": [{"name": "r", "type": kind}]} for kind in kinds]
    return [*map(json.dumps, records), '"long"']
