"""The simulated world around roles and brokers that run elsewhere: to see a whole deployment at work."""

import signal
import threading

from qosresolve.demo.world import World, tell_inventory
from qosresolve.errors import ConfigError
from qosresolve.kafka import clients
from qosresolve.kafka.wire import contracts_for
from qosresolve.settings import Settings
from qosresolve.topics import ANCHOR, Names


def play(settings: Settings, every: float, stop: threading.Event | None = None) -> None:
    """Tell the inventory, then play the story every so many seconds, until a signal. Raises ConfigError."""
    settings, contracts = _counted(settings), contracts_for(settings)
    stop = stop or _signalled()
    tell_inventory(settings, contracts)
    World(settings, contracts, stop, every).run()


def _counted(settings: Settings) -> Settings:
    """Return the settings with the partition count that is there."""
    name = Names(settings.prefix).of(ANCHOR)
    found = clients.metadata(clients.admin(settings)).get(name)
    if found is None:
        raise ConfigError(f"there is no topic {name}", setting="prefix", remedy="qosresolve topics create")
    return settings.model_copy(update={"partitions": len(found.partitions)})


def _signalled() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
