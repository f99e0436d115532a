"""A worker that is half busy, while something else is measured on the same broker and the same machine.

It has topics of its own. First it takes a backlog, which tells its own rate; then events are sent at half of
that, for as long as is asked.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.whole.contenders import PRODUCT
from tests.bench.whole.data import Shape, prepared
from tests.bench.whole.generator import Sender
from tests.bench.whole.measuring import FailedError, Look, Progress, cpu_seconds, follow, process, rates, tail
from tests.bench.whole.site import Site

OWN = 100_000  # events of the backlog
MOST = 400_000  # events that can be sent at half the rate
AT_ONCE = 1_000_000  # a second: as fast as they can be sent


@dataclass
class Busy:
    """The worker, what sends to it, and its own rate in events/s."""

    child: "subprocess.Popen[bytes]"
    sender: Sender
    done: Progress
    log: Path
    rate: float = 0.0
    _began: Look | None = None

    def learn(self) -> None:
        """Let it take the backlog."""
        began = time.monotonic()
        self.sender.say(f"run {AT_ONCE} {OWN}")
        looks, rss_mb = follow(self.child, self.done, OWN, self.log)
        self.rate = rates(looks, OWN, began, rss_mb).wall

    def start(self, seconds: float) -> float:
        """Send at half the rate for so long; return the events/s that are sent."""
        half = int(self.rate / 2)
        count = int(half * seconds)
        if count > MOST:
            raise FailedError(
                f"{half:,} events/s for {seconds:.0f} s are more than the {MOST:,} prepared ones"
            )
        self.sender.say(f"run {half} {count}")
        return half

    def look(self) -> tuple[float, float]:
        """Return events/s and CPU seconds a second since the look before; nothing at the first one."""
        if self.child.poll() is not None:
            raise FailedError(f"the worker ended with status {self.child.returncode}: {tail(self.log)}")
        before, now = self._began, Look(time.monotonic(), self.done(), cpu_seconds(self.child.pid))
        self._began = now
        if before is None:
            return 0.0, 0.0
        seconds = now.at - before.at
        return (now.done - before.done) / seconds, (now.cpu_s - before.cpu_s) / seconds


@contextmanager
def half_busy(bootstrap: str) -> Iterator[Busy]:
    """Yield a worker that has taken its backlog."""
    shape = Shape(events=OWN + MOST)
    prepared(shape)
    site = Site(bootstrap)
    done = Progress(bootstrap, PRODUCT.group(site), site.input)
    try:
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            with (
                process(PRODUCT.command(site), PRODUCT.environment(site), log) as child,
                Sender(site, shape, Path(folder) / "times") as sender,
            ):
                found = Busy(child, sender, done, log)
                found.learn()
                yield found
    finally:
        done.close()
        site.remove()
