"""How long it takes from sending an event to a reader who sees what came of it, committed records only.

At a steady rate, and of single events after a pause. The reader looks at the journal of qosresolve, whose
records name their input, and at the output of a peer that writes one record for each event, in their order.
"""

import statistics
import tempfile
import time
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.whole.answers import Place, Reader
from tests.bench.whole.contenders import Contender
from tests.bench.whole.data import PARTITIONS, Event, Shape, prepared
from tests.bench.whole.generator import Sender
from tests.bench.whole.measuring import FailedError, process
from tests.bench.whole.result import Json, aligned
from tests.bench.whole.site import Site

IDLE_RUNS = 10
IDLE_S = 2.0
WARM_S = 5.0
BATCH = 500  # records in a transaction of a peer: what one would choose for this


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent: events a second, for how long; the first seconds are not counted."""

    shape: Shape
    rate: int = 13_500
    seconds: int = 30

    @property
    def steady(self) -> int:
        """Return how many events are sent at the rate."""
        return self.rate * self.seconds

    @property
    def whole(self) -> Shape:
        """Return the shape of all that is sent: one to see that it works, the load, single ones."""
        return replace(self.shape, events=1 + self.steady + IDLE_RUNS, shape="even")


def measured(bootstrap: str, load: Load, contenders: Sequence[Contender]) -> Json:
    """Return the latencies of each contender, in ms."""
    prepared(load.whole)
    rows = {}
    for contender in contenders:
        site = Site(bootstrap)
        try:
            rows[contender.name] = _measured(site, load, contender)
        except FailedError as error:
            raise FailedError(f"{contender.name}, latency: {error}") from None
        finally:
            site.remove()
    return {"rate": load.rate, "seconds": load.seconds, "peers_transaction_records": BATCH, "ms": rows}


def _measured(site: Site, load: Load, contender: Contender) -> Json:
    with tempfile.TemporaryDirectory() as folder:
        log, times = Path(folder) / "log", Path(folder) / "times"
        command = contender.command(site, BATCH)
        reader = Reader(site, contender)
        with (
            process(command, contender.environment(site), log) as child,
            Sender(site, load.whole, times) as sender,
        ):
            sender.say("one")
            reader.until(1, child, log)
            sender.say(f"run {load.rate} {load.steady}")
            reader.until(1 + load.steady, child, log)
            for number in range(IDLE_RUNS):
                time.sleep(IDLE_S)
                sender.say("one")
                reader.until(2 + load.steady + number, child, log)
        reader.close()
        sent = array("q", times.read_bytes())
    return judged(prepared(load.whole), sent, reader.seen, load)


def judged(events: Sequence[Event], sent: Sequence[int], seen: Mapping[Place, int], load: Load) -> Json:
    """Return the figures: `sent` in ns by event, `seen` in ns by where the event lay."""
    counted, took = [0] * PARTITIONS, []
    for event, at in zip(events, sent, strict=True):
        took.append((seen[event.partition, counted[event.partition]] - at) / 1e6)
        counted[event.partition] += 1
    warm = int(min(WARM_S, load.seconds / 2) * load.rate)
    steady, idle = sorted(took[1 + warm : 1 + load.steady]), took[1 + load.steady :]
    late = (sent[load.steady] - sent[1]) / 1e9 - load.seconds
    return {
        "p50": round(_quantile(steady, 0.5), 1),
        "p99": round(_quantile(steady, 0.99), 1),
        "p99.9": round(_quantile(steady, 0.999), 1),
        "max": round(steady[-1], 1),
        "idle_median": round(statistics.median(idle), 1),
        "idle_max": round(max(idle), 1),
        "sender_late_s": round(max(0.0, late), 2),
    }


def table(found: Json) -> str:
    """Return the latencies for people."""
    head = f"ms at {found['rate']:,} events/s"
    rows = [(head, "p50", "p99", "p99.9", "max", "idle: median", "max")]
    keys = ("p50", "p99", "p99.9", "max", "idle_median", "idle_max")
    rows += [(name, *(f"{row[key]:,.0f}" for key in keys)) for name, row in found["ms"].items()]
    return aligned(rows)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
