"""The whole worker beside its baselines: `make bench`.

Everybody reads the same events, on the same real broker, exactly once, in a process of its own; and what
everybody wrote is checked. Prints a table; a whole run writes docs/benchmarks/latest.json and throughput.svg.
"""

import argparse
import os
import sys
from pathlib import Path

from tests.bench import intake
from tests.bench.whole import latency, machine, plot, result, rounds
from tests.bench.whole.contenders import ALL, BATCH, LOOP, PRODUCT, Contender
from tests.bench.whole.data import PARTITIONS, Shape, prepared
from tests.bench.whole.measuring import FailedError
from tests.bench.whole.site import VARIABLE, broker

DOCS = Path(__file__).parents[2] / "docs" / "benchmarks"
QUICK = {"events": 20_000, "products": 1_000, "rounds": 1, "rate": 1_000, "seconds": 6, "alerts": 20_000}
EXAMPLES = f"""examples:
  python -m tests.bench --quick                             does it work? no figures worth keeping
  python -m tests.bench --only "hand-written loop" --only qosresolve --rounds 5
  {VARIABLE}=broker:9092 python -m tests.bench --events 3000000 --json big.json
"""


def main() -> int:
    """Measure, check, print and write; 1 where something was wrong."""
    given = arguments()
    shape = shape_of(given)
    contenders = chosen(given.only)
    rounds.tell(f"preparing {shape.events:,} events")
    events = prepared(shape)
    found: result.Json = {
        "machine": machine.told(own_broker=not (given.bootstrap or os.environ.get(VARIABLE))),
        "data": {
            "events": shape.events,
            "products": shape.products,
            "shape": shape.shape,
            "seed": shape.seed,
            "partitions": PARTITIONS,
            "mix": "15 % raise, 75 % update, 10 % abate",
            "median_event_bytes": sorted(len(event.value) for event in events)[len(events) // 2],
        },
        "transaction_records": BATCH,
        "rounds": given.rounds,
        "load_before": machine.load(),
    }
    try:
        with broker(given.bootstrap) as bootstrap:
            rounds.warm_up(bootstrap, events)
            runs = rounds.measured(bootstrap, events, contenders, given.rounds)
            found |= {"throughput": result.throughput(runs), "ratios": result.ratios(runs)}
            if given.latency:
                found["latency"] = latencies(bootstrap, shape, contenders, given)
            if given.intake and not given.only:
                found["intake"] = intakes(bootstrap, given)
    except FailedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    found["load_after"] = machine.load()
    sys.stdout.write(result.table(found) + "\n")
    if "latency" in found:
        sys.stdout.write("\n" + latency.table(found["latency"]) + "\n")
    if "intake" in found:
        sys.stdout.write("\n" + result.intake_table(found["intake"]) + "\n")
    if given.json:
        result.write(found, given.json)
        plot.write(found, given.json.with_name("throughput.svg"))
    return 0


def latencies(
    bootstrap: str, shape: Shape, contenders: list[Contender], given: argparse.Namespace
) -> result.Json:
    """Return how long events take at a steady rate; only of those that answer each event by itself."""
    takes_part = [item for item in contenders if item in (LOOP, PRODUCT)]
    return latency.measured(bootstrap, latency.Load(shape, given.rate, given.seconds), takes_part)


def intakes(bootstrap: str, given: argparse.Namespace) -> result.Json:
    """Return how many foreign alerts an intake takes, once a round."""
    runs = []
    for number in range(given.rounds):
        run = intake.measured(bootstrap, given.alerts, intake.OBJECTS)
        rounds.tell(f"  intake, {number + 1}: {run.wall:,.0f} alerts/s, {run.cpu:,.0f} per CPU-second, right")
        runs.append(run)
    return {
        "alerts": given.alerts,
        "objects": intake.OBJECTS,
        "wall_alerts_per_s": result.spread([run.wall for run in runs]),
        "alerts_per_cpu_s": result.spread([run.cpu for run in runs]),
    }


def chosen(only: list[str]) -> list[Contender]:
    """Return who takes part: all that are there, or those whose names were given."""
    names = {contender.name: contender for contender in ALL}
    unknown = [name for name in only if name not in names]
    if unknown:
        raise SystemExit(f"nobody is called {unknown[0]!r}; there are: {', '.join(names)}")
    absent = [contender.name for contender in ALL if not contender.there]
    if absent and set(absent) & set(only or absent):
        rounds.tell(f"without {', '.join(absent)}: `make bench-peers` makes what is needed")
    return [item for item in ALL if item.there and (not only or item.name in only)]


def shape_of(given: argparse.Namespace) -> Shape:
    """Return what the events are to be like."""
    return Shape(given.events, given.products, given.shape, given.seed)


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--events", type=int, default=Shape.events, help="default: %(default)s")
    parser.add_argument("--products", type=int, default=Shape.products, help="default: %(default)s")
    parser.add_argument("--shape", choices=("even", "hot"), default="even", help="hot: 1 %% have 90 %%")
    parser.add_argument("--seed", type=int, default=Shape.seed)
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument(
        "--latency", action=argparse.BooleanOptionalAction, default=True, help="default: measured too"
    )
    parser.add_argument("--rate", type=int, default=13_500, help="events/s for the latency")
    parser.add_argument("--seconds", type=int, default=30, help="for how long")
    parser.add_argument(
        "--intake",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="default: measured too, unless --only is given",
    )
    parser.add_argument("--alerts", type=int, default=300_000, help="for the intake; default: %(default)s")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="may be repeated")
    parser.add_argument("--bootstrap", help=f"another broker than one of our own; also {VARIABLE}")
    parser.add_argument(
        "--json",
        type=Path,
        default=None,
        help="default: docs/benchmarks/latest.json, of a whole run on the default events",
    )
    parser.add_argument("--quick", action="store_true", help="few events, one round, nothing written")
    given = parser.parse_args()
    if given.quick:
        vars(given).update(QUICK)
    elif given.json is None and not given.only and shape_of(given) == Shape():
        given.json = DOCS / "latest.json"
    return given


if __name__ == "__main__":
    sys.exit(main())
