"""What a kind of fault is."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.field import Field
from tests.chaos.supervisor import Place


class Lane(StrEnum):
    """Where a fault happens; `PROCESS` lanes are one a process, named after it."""

    WORKER = "worker"
    TIMER = "timer"
    AUDITOR = "auditor"
    WORKERS = "workers"  # all of them at once
    STORM = "storm"
    BROKERS = "brokers"
    NETWORK = "network"
    INPUTS = "inputs"
    TOPICS = "topics"


Act = Callable[[Field, Place, random.Random], None]  # the place only means something on a process's lane


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind. `weight`: how often it comes in each round; `nodes`: how many brokers it needs."""

    name: str
    lane: Lane
    act: Act
    weight: int = 1
    nodes: int = 1
    disk: bool = False
