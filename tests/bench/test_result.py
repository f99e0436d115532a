"""What is made of the figures: medians, ratios, a table, a picture, and whether a run is worse."""

import copy
from xml.etree import ElementTree as ET

import pytest

from tests.bench.compare import compared
from tests.bench.whole import latency, plot, result
from tests.bench.whole.data import PARTITIONS, Shape, made
from tests.bench.whole.measuring import FailedError, Look, Measured, rates

RUNS = {
    "raw copy": [Measured(100_000, 500_000, 0.5, 40), Measured(110_000, 510_000, 0.4, 41)],
    "hand-written loop": [Measured(30_000, 30_000, 0.5, 90), Measured(20_000, 20_000, 0.6, 91)],
    "qosresolve": [Measured(33_000, 36_000, 1.5, 200), Measured(21_000, 22_000, 1.6, 210)],
}
WHOLE: result.Json = {
    "data": {"events": 300_000, "products": 10_000},
    "rounds": 2,
    "throughput": result.throughput(RUNS),
    "ratios": result.ratios(RUNS),
}


def test_ratios_are_of_the_same_round() -> None:
    """A machine that was slower in one round was so for all of them."""
    ratio = WHOLE["ratios"]["qosresolve / hand-written loop"]
    assert ratio["cpu"] == {"median": 1.15, "min": 1.1, "max": 1.2}
    assert ratio["wall"] == {"median": 1.075, "min": 1.05, "max": 1.1}
    assert "raw copy / hand-written loop" not in WHOLE["ratios"]


def test_the_table_has_everybody() -> None:
    """Each contender has its line, with median and spread, in columns."""
    lines = result.table(WHOLE).splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == list(RUNS)
    assert "29,000 (22,000-36,000)" in lines[3]
    assert "1.15" in lines[3]


def test_the_intake_has_its_line() -> None:
    """Alerts are no events of the contenders: they stand apart, with median and spread."""
    row = {"wall_alerts_per_s": result.spread([9, 11, 10]), "alerts_per_cpu_s": result.spread([20, 25, 30])}
    _, line = result.intake_table(row).splitlines()
    assert line.split() == ["intake", "10", "(9-11)", "25", "(20-30)"]


def test_the_picture_is_well_formed_and_shows_each_bar() -> None:
    """The SVG parses, is readable on dark pages, and has the figures in words too."""
    svg = plot.picture(copy.deepcopy(WHOLE) | {"throughput": {**WHOLE["throughput"], "a < b": _row()}})
    root = ET.fromstring(svg)  # noqa: S314 - made here
    texts = [item.text for item in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"qosresolve", "hand-written loop", "a < b", "29,000"} <= set(texts)
    assert "raw copy" not in texts
    assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) == 6
    assert "prefers-color-scheme: dark" in svg


def _row() -> result.Json:
    return {key: {"median": 1, "min": 1, "max": 2} for key, _ in plot.PANELS}


@pytest.mark.parametrize(("factor", "worse"), [(0.85, True), (0.95, False), (1.0, False), (1.3, False)])
def test_a_worse_ratio_is_refused(factor: float, *, worse: bool) -> None:
    """More than the tolerance below what is recorded is worse; noise and progress are not."""
    run = copy.deepcopy(WHOLE)
    run["ratios"]["qosresolve / hand-written loop"]["cpu"]["median"] *= factor
    rows, found = compared(run, WHOLE, 0.1)
    assert found is worse
    assert any("WORSE" in row for row in rows) is worse


def test_what_was_not_measured_is_refused() -> None:
    """A run without a baseline says nothing of the ratio to it, and a record of nothing says nothing."""
    run = copy.deepcopy(WHOLE)
    del run["ratios"]["qosresolve / raw copy"]
    assert compared(run, WHOLE, 0.1)[1]
    assert compared(WHOLE, {"ratios": {}}, 0.1)[1]


def test_the_rate_leaves_out_the_start_and_the_unknown_end() -> None:
    """Counted is from the first look past 20 % to the last one before all is done."""
    looks = [
        Look(0, 0, 0),
        Look(5, 100, 2),
        Look(6, 250, 3),
        Look(7, 550, 4),
        Look(8, 900, 6),
        Look(20, 1_000, 7),
    ]
    run = rates(looks, 1_000, -1, 50)
    assert run == Measured(wall=325, cpu=650 / 3, start_s=6, rss_mb=50)
    with pytest.raises(FailedError, match="too quick"):
        rates([Look(0, 0, 0), Look(1, 1_000, 1)], 1_000, 0, 50)


def test_latency_is_of_each_event_by_its_place() -> None:
    """Sent and seen are brought together by partition and offset; the warm-up and single events are apart."""
    load = latency.Load(Shape(products=20), rate=100, seconds=2)
    events = list(made(load.whole))
    sent = [at * 10_000_000 for at in range(len(events))]
    seen, count = {}, [0] * PARTITIONS
    for at, event in enumerate(events):
        waited = 900 if at <= 100 else 3 if at > load.steady else 5
        seen[event.partition, count[event.partition]] = sent[at] + waited * 1_000_000
        count[event.partition] += 1
    found = latency.judged(events, sent, seen, load)
    assert (found["p50"], found["p99"], found["max"]) == (5, 5, 5)
    assert (found["idle_median"], found["idle_max"]) == (3, 3)
