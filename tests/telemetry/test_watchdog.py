"""A process that hangs is ended, wherever it hangs; one that was stopped for a while is not."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qosresolve.telemetry.watchdog import EXIT_CODE, LAST_RESORT

pytestmark = pytest.mark.slow

HANGING = Path(__file__).parent / "hanging.py"
LIMIT_S = 1.0


def _start(way: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, str(HANGING), way, str(LIMIT_S)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("way", "where"), [("python", "hang_in_python"), ("released", "hang_in_c")])
def test_a_hanging_loop_ends_the_process(way: str, where: str) -> None:
    """Status 70; the last words name the role and the page, and show where every thread hung."""
    process = _start(way)
    _, said = process.communicate(timeout=60)
    assert process.returncode == EXIT_CODE == 70
    assert f"no progress for {LIMIT_S:.0f} s: worker" in said
    assert "docs/runbooks/no-progress.md" in said
    assert where in said


def test_a_hang_that_lets_no_thread_run_ends_the_process_too() -> None:
    """Later, with status 1, and the stacks as well: no code of ours runs any more."""
    process = _start("held")
    began = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert time.monotonic() - began >= LAST_RESORT * LIMIT_S
    assert "hang_with_the_lock" in said


@contextmanager
def _stopped(way: str) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that was stopped for two periods and goes on; kill what is left of it."""
    with _start(way) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "watched\n"
            process.send_signal(signal.SIGSTOP)
            time.sleep(2 * LIMIT_S)  # the stop itself is what is tested
            process.send_signal(signal.SIGCONT)
            yield process
        finally:
            process.kill()


def test_a_process_that_was_stopped_gets_one_more_period() -> None:
    """The clock went on meanwhile. Ended at once, every frozen machine would end all its workers."""
    with _stopped("moving") as process:
        assert process.stdout is not None
        assert process.stdin is not None
        for _ in range(6):  # three periods
            assert process.stdout.readline() == "beat\n"
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_loop_that_hangs_after_a_stop_is_still_ended() -> None:
    """One period more, not for ever."""
    with _stopped("released") as process:
        assert process.wait(30) == EXIT_CODE
        assert process.stderr is not None
        assert "no progress" in process.stderr.read()
