"""What `make profile` makes of samples: stages, costs, a flame graph. No broker, no sampling."""

from xml.etree import ElementTree as ET

import pytest

from tests.bench import flame, stages
from tests.bench.profile import Used, costs
from tests.bench.whole.measuring import FailedError

RUN = "Worker.run (qosresolve/kafka/worker.py:101);Worker._round (qosresolve/kafka/worker.py:122)"
STEP = "Staging.stage (qosresolve/kafka/staging.py:95);step (qosresolve/core/step.py:98)"
FOLLOW = "_follow (qosresolve/core/step.py:190);_apply (qosresolve/core/step.py:200)"
RAW = f"""\
thread (7): worker;Thread.run (threading.py:982);{RUN} 10
thread (7): worker;Thread.run (threading.py:982);{RUN};drain (qosresolve/kafka/clients.py:102) 5
thread (7): worker;Thread.run (threading.py:982);{RUN};{STEP} 20
thread (7): worker;Thread.run (threading.py:982);{RUN};{STEP};{FOLLOW};evolve (qosresolve/core/fold.py:50) 10
thread (7): worker;Thread.run (threading.py:982);{RUN};{STEP};{FOLLOW};a < b (qosresolve/core/plan.py:30) 30
thread (7): worker;Thread.run (threading.py:982);{RUN};{STEP};{FOLLOW};a < b (qosresolve/core/plan.py:31) 15
thread (7): worker;a < b (qosresolve/core/plan.py:31) 10
thread (7): worker;never (seen/whole.py:1) 3
thread (7): worker 2
thread (1): MainThread;main (qosresolve/cli/main.py:72);drain (qosresolve/kafka/clients.py:102) 50
"""
SVG = "{http://www.w3.org/2000/svg}"


def _seen() -> stages.Stacks:
    return stages.of_worker(stages.read(RAW))


def test_every_function_of_the_table_exists() -> None:
    """What was renamed or moved is told by this test before a profile is wrong."""
    assert len(stages.frames()) == len(stages.FUNCTIONS)
    assert stages.frames()[stages.ROOT] == "other Python"


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("qosresolve.core.step:gone", "qosresolve.core.step:gone is gone"),
        ("qosresolve.core.gone:step", "qosresolve.core.gone:step is gone"),
        ("qosresolve.kafka.staging:step", "is now qosresolve.core.step:step"),
    ],
)
def test_a_function_that_is_no_more_stops_it(place: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names it: a stage that nobody fills would look like a stage that costs nothing."""
    monkeypatch.setitem(stages.FUNCTIONS, place, "a stage")
    with pytest.raises(stages.StaleTableError, match=why):
        stages.frames()


def test_the_innermost_function_of_the_table_has_the_sample() -> None:
    """A fold inside a follow-up process is a fold; what no function of the table has, is other Python."""
    found = stages.shares(_seen())
    shown = {stage: round(share, 3) for stage, share in found.by_stage.items() if share}
    assert shown == {
        "consume": 0.05,
        "step: decide": 0.2,
        "step: follow-up processes": 0.55,  # with the torn stacks of the same function
        "step: fold": 0.1,
        "other Python": 0.1,
    }
    assert sum(found.by_stage.values()) == pytest.approx(1)
    assert list(found.by_stage) == list(dict.fromkeys(stages.FUNCTIONS.values()))
    assert (found.counted, found.unplaced) == (100, 5)


def test_all_cpu_time_of_the_process_is_in_the_table() -> None:
    """Other threads have what the kernel counted of them; the rest is the worker's, by its shares."""
    before = {7: ("python", 1.0, 0.0), 1: ("python", 0.5, 0.0), 9: ("rdk:broker1", 1.0, 2.0)}
    after = {
        7: ("python", 10.8, 0.1),
        1: ("python", 0.6, 0.0),
        9: ("rdk:broker1", 1.5, 2.25),
        11: ("rdk:main", 0.5, 0.0),
    }
    found = costs(Used(100, 5.0, before), Used(1_000_100, 16.35, after), stages.shares(_seen()))
    assert sum(found.values()) == pytest.approx(11.35)
    assert found["librdkafka's threads"] == pytest.approx(1.0)
    assert found["the kernel for them"] == pytest.approx(0.25)
    assert found["other threads"] == pytest.approx(0.1)
    assert found["step: decide"] == pytest.approx(2.0)


def test_nothing_done_is_no_table() -> None:
    """A run that was too short is refused, not divided by."""
    with pytest.raises(FailedError, match="too quick"):
        costs(Used(5, 1.0, {}), Used(5, 2.0, {}), stages.shares(_seen()))


def test_the_table_ends_with_the_sum() -> None:
    """Stages, their cost and share, and all of it, as text cells and as a page's table."""
    rows = list(stages.rows({"consume": 1.0, "produce": 3.0}))
    assert rows[1:] == [("consume", "1.00", "25.0"), ("produce", "3.00", "75.0"), ("all", "4.00", "100.0")]
    assert stages.markdown(rows).splitlines()[1:3] == ["|---|---:|---:|", "| consume | 1.00 | 25.0 |"]


def test_a_frame_is_as_wide_as_it_was_often_seen() -> None:
    """The SVG parses; the root has the whole width, a frame stands on what calls it, lines are merged."""
    svg = flame.picture(stages.below_root(_seen()), 'a "title" & more')
    root = ET.fromstring(svg)  # noqa: S314 - made here
    drawn = {}
    for group in root.iter(f"{SVG}g"):
        title, rect = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        assert title is not None
        assert rect is not None
        drawn[title.text] = tuple(float(rect.attrib[name]) for name in ("x", "width", "y"))
    whole = flame.WIDTH - 2 * flame.MARGIN
    worker = drawn["Worker.run (qosresolve/kafka/worker.py): 90 samples, 100.0 %"]
    assert worker[:2] == (flame.MARGIN, whole)
    follow = drawn["_follow (qosresolve/core/step.py): 55 samples, 61.1 %"]
    inner = drawn["a < b (qosresolve/core/plan.py): 45 samples, 50.0 %"]
    fold = drawn["evolve (qosresolve/core/fold.py): 10 samples, 11.1 %"]
    assert inner[1] == pytest.approx(whole / 2, abs=0.01)
    assert inner[1] + fold[1] == pytest.approx(follow[1], abs=0.02)
    assert follow[0] <= min(inner[0], fold[0]) + 0.01
    assert worker[2] > follow[2] > inner[2] == fold[2]
    assert root.attrib["aria-label"] == 'a "title" & more'


def test_without_samples_there_is_no_picture() -> None:
    """Nothing is drawn of nothing."""
    with pytest.raises(ValueError, match="no samples"):
        flame.picture({(): 3}, "empty")
