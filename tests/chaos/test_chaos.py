"""A few minutes of chaos on one broker, as part of the tests; `make chaos` is the long form."""

from pathlib import Path

import pytest
from rich.console import Console

from tests.chaos import history
from tests.chaos.run import run
from tests.chaos.site import Wanted
from tests.chaos.told import faults_done

LEAST_FAULTS, LEAST_KINDS = 15, 10


@pytest.mark.kafka
@pytest.mark.long
@pytest.mark.timeout(600)  # it takes three minutes on two idle cores
def test_a_short_run(tmp_path: Path) -> None:
    """Killed, frozen, cut off and fed with garbage: nothing is lost, doubled, reordered or torn."""
    wanted = Wanted(seed=1, minutes=1.25, pause_s=1.5, products=30)
    status = run(wanted, tmp_path / "run", Console(soft_wrap=True))
    events = list(history.read(tmp_path / "run" / "history.jsonl"))
    faults, kinds = faults_done(events)
    assert status == 0, "the checker says above what is wrong"
    assert faults >= LEAST_FAULTS
    assert kinds >= LEAST_KINDS
    acknowledged = sum(len(event["inputs"]) for event in events if event.kind == "acknowledged")
    assert acknowledged > 500, "so few inputs prove nothing"
