"""What takes the bytes of a report: `python -m tests.bench.sizes` (`make bench-sizes`).

Lists the fields of the reports of tests/bench/population by what they take in Avro, on average and in the
report of median size. Rows of a table are counted together, under `[]`.
"""

import json
import statistics
import sys
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from fastavro import schemaless_writer

from qosresolve.contracts import schemas
from qosresolve.contracts.codec import SingleObjectCodec
from tests.bench.population import LIVES, reports
from tests.bench.whole.result import aligned

FRAME = 10  # bytes before a record that name its schema
SHOWN = 25
Bytes = Counter[str]


def main() -> None:
    """Print."""
    values = sorted((value for _, _, value in reports(range(LIVES))), key=len)
    median = values[len(values) // 2]
    found, middle = [sizes("report", value) for value in values], sizes("report", median)
    means = {
        path: statistics.mean(one[path] for one in found) for path in {key for one in found for key in one}
    }
    rows = [("field", "bytes, mean", "of the median one")]
    ordered = sorted(means, key=lambda path: -means[path])
    rows += [(path, f"{means[path]:.1f}", f"{middle[path]:,}") for path in ordered[:SHOWN]]
    rest = ordered[SHOWN:]
    rows += [
        (
            f"{len(rest)} others",
            f"{sum(means[path] for path in rest):.1f}",
            f"{sum(middle[path] for path in rest):,}",
        ),
        ("all", f"{statistics.mean(map(len, values)):.1f}", f"{len(median):,}"),
    ]
    sys.stdout.write(aligned(rows) + "\n")


def sizes(record: str, data: bytes) -> Bytes:
    """Return how many bytes each field of a record takes, by path; together they are all of it."""
    names: dict[str, Any] = {}
    schema = json.loads(schemas.text(record))
    value = SingleObjectCodec().decode(record, data)
    found = Bytes({"(frame)": FRAME})
    for path, count in _walk(schema, value, "", names):
        found[path] += count
    return found


def _walk(schema: Any, value: Any, path: str, names: dict[str, Any]) -> Iterator[tuple[str, int]]:  # noqa: ANN401
    """Yield path and bytes of everything below; `names` holds the types that were defined so far."""
    if isinstance(schema, str) and schema in names:
        schema = names[schema]
    match schema:
        case list():  # of null and one type; one byte says which
            _learn(schema[1], names)
            yield path, 1
            if value is not None:
                yield from _walk(schema[1], value, path, names)
        case {"type": "record", "fields": fields}:
            _learn(schema, names)
            for field in fields:
                below = f"{path}.{field['name']}" if path else field["name"]
                yield from _walk(field["type"], value[field["name"]], below, names)
        case {"type": "array", "items": items}:
            _learn(items, names)
            yield path, _written("long", len(value)) + 1 if value else 1  # their number, and the end
            for item in value:
                yield from _walk(items, item, f"{path}[]", names)
        case {"type": "enum"}:
            _learn(schema, names)
            yield path, 1
        case {"type": str(plain)}:
            yield path, _written(plain, value)
        case _:
            yield path, _written(schema, value)


def _learn(schema: Any, names: dict[str, Any]) -> None:  # noqa: ANN401
    """Note what a type defines, all below included: an array without rows defines its type all the same."""
    match schema:
        case {"type": "record" | "enum", "name": name}:
            names[f"{schema['namespace']}.{name}"] = schema
            for field in schema.get("fields", ()):
                _learn(field["type"], names)
        case {"type": "array", "items": items}:
            _learn(items, names)
        case list():
            for branch in schema:
                _learn(branch, names)


def _written(plain: str, value: Any) -> int:  # noqa: ANN401
    out = BytesIO()
    schemaless_writer(out, plain, value)
    return len(out.getvalue())


if __name__ == "__main__":
    main()
