"""Some seeds of the simulator: nothing that must hold is broken, and a seed is one run everywhere."""

import pytest

from tests.simulation import driver
from tests.simulation.driver import Options

pytestmark = pytest.mark.slow

SHORT = Options(steps=3_000)


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_seed_breaks_nothing(seed: int) -> None:
    """Worker and timer under the faults of a seed, then healed and drained; every invariant is asked."""
    result = driver.run(seed, SHORT)
    assert result.violation is None, f"python -m tests.simulation --seed {seed}: {result.violation}"
    assert result.entries > 100


def test_a_seed_is_one_run() -> None:
    """Twice the same seed is twice the same trace: what fails once can be looked at again."""
    assert driver.run(2, SHORT).digest == driver.run(2, SHORT).digest
    assert driver.run(2, SHORT).digest != driver.run(3, SHORT).digest
