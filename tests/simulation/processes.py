"""The processes whose clients talk to the model: one that was killed never beats again."""

from dataclasses import dataclass

NEVER = 2**62  # an instant, in ms


@dataclass(slots=True, eq=False)
class Process:
    """One life of a process."""

    name: str
    alive: bool = True
    frozen: bool = False

    @property
    def running(self) -> bool:
        """True while its background threads run."""
        return self.alive and not self.frozen
