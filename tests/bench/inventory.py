"""What a million relations take in memory, and how long a look-up is: `python -m tests.bench.inventory`.

Pure: the records are those of the topic, without a broker.
"""

import gc
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from qosresolve.contracts.codec import SingleObjectCodec
from qosresolve.contracts.records import Contracts
from qosresolve.core.vocabulary import ObjectKind
from qosresolve.intake.inventory import Inventory, Relation

RELATIONS = 1_000_000
SHARED = 20  # of a hundred resources lie under two to five products
LOOKS = 200_000


def relations(count: int) -> Iterator[Relation]:
    """Yield relations as a provider of business lines has them: ids of a dozen characters."""
    chance = random.Random(1)
    made = 0
    for number in range(count):
        products = chance.randint(2, 5) if chance.randrange(100) < SHARED else 1
        for product in range(products):
            yield Relation(
                f"cpe-{number:08d}-ge0",
                ObjectKind.RESOURCE,
                f"PRD-{number:07d}-{product}",
                f"CUST-{number % 50_000:05d}",
                ("gold", "silver", "bronze")[number % 3],
                f"BER-{number % 997:03d}",
                "business-internet-500",
                "",
                f"svc-{number:08d}",
            )
            made += 1
            if made == count:
                return


def resident() -> int:
    """Return this process's resident bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4_096


def each(call: Callable[[str], object], objects: list[str]) -> float:
    """Return how many microseconds a call takes."""
    began = time.process_time()
    for object_id in objects:
        call(object_id)
    return (time.process_time() - began) / len(objects) * 1e6


def main() -> None:
    """Print the figures."""
    contracts = Contracts(SingleObjectCodec())
    inventory = Inventory(contracts)
    gc.collect()
    before, spent, size = resident(), 0.0, 0
    for relation in relations(RELATIONS):
        key, value = relation.key, contracts.write_as("inventory", relation)
        size += len(value)
        began = time.process_time()
        inventory.put(key, value)
        spent += time.process_time() - began
    gc.collect()
    count = len(inventory)
    names = random.Random(2).sample(list(inventory.objects()), 10_000)
    first = each(lambda name: inventory.relations((name,)), names)
    again = each(lambda name: inventory.relations((name,)), random.Random(3).choices(names, k=LOOKS))
    rows = {
        "relations": f"{count:,}",
        "bytes of Avro each": f"{size / count:.0f}",
        "resident bytes each": f"{(resident() - before) / count:.0f}",
        "put, us": f"{spent / count * 1e6:.2f}",
        "first look-up, us": f"{first:.1f}",
        "look-up of what is decoded, us": f"{again:.2f}",
    }
    sys.stdout.write("".join(f"{name:32}{figure:>12}\n" for name, figure in rows.items()))


if __name__ == "__main__":
    main()
