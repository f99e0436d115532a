"""Who takes part: how each is started, which group tells its progress, what its output is held against."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.whole import checks, result
from tests.bench.whole.data import Event
from tests.bench.whole.site import Site
from tests.chaos.profiles import environment_of

PEERS = Path(__file__).parents[3] / ".cache" / "peers" / "bin" / "python"  # made by `make bench-peers`
BATCH = 2_000
Check = Callable[[Site, str, list[Event], int], None]  # output topic, events, by how much they were moved


@dataclass(frozen=True)
class Contender:
    """One row of the table; `module` of tests.bench.peers, empty for the product itself."""

    name: str
    module: str
    check: Check
    python: str = sys.executable

    @property
    def slug(self) -> str:
        """Return the name as topics and groups have it."""
        return self.name.replace(" ", "-").replace(",", "").lower()

    @property
    def there(self) -> bool:
        """False where it needs an environment that was not made."""
        return Path(self.python).exists()

    def group(self, site: Site) -> str:
        """Return the group that commits what it has read."""
        return f"{site.settings.prefix}{self.slug}" if self.module else site.settings.group

    def output(self, site: Site) -> str:
        """Return where a peer writes; empty for the product, which has its own topics."""
        return site.topic(self.slug) if self.module else ""

    def command(self, site: Site, batch: int = BATCH) -> list[str]:
        """Return what runs it."""
        if not self.module:
            return [self.python, "-m", "qosresolve", "run", "worker"]
        places = {"--bootstrap": site.bootstrap, "--input": site.input, "--output": self.output(site)}
        given = places | {"--group": self.group(site), "--batch": str(batch)}
        words = [word for pair in given.items() for word in pair]
        return [self.python, "-m", f"tests.bench.peers.{self.module}", *words]

    def environment(self, site: Site) -> dict[str, str]:
        """Return what its environment tells it."""
        return {} if self.module else environment_of(site.settings)


RAW = Contender("raw copy", "raw_copy", checks.copied)
LOOP = Contender("hand-written loop", "hand_written", checks.folded)
LAST = Contender("hand-written, last of a batch", "hand_written_last", checks.folded)
PRODUCT = Contender(result.PRODUCT, "", checks.resolved)
QUIX = Contender("Quix Streams", "quix", checks.folded, str(PEERS))
ALL = (RAW, LOOP, LAST, QUIX, PRODUCT)
