"""Every kind of fault, as a table: what it is called, where it happens, and how often beside the others.

A fault heals what it broke before it returns. Those on different lanes overlap, those on one never do.
"""

from tests.chaos.faults.brokers import BROKERS
from tests.chaos.faults.kinds import Fault
from tests.chaos.faults.network import NETWORK
from tests.chaos.faults.operators import OPERATORS
from tests.chaos.faults.processes import PROCESSES

FAULTS: tuple[Fault, ...] = (*PROCESSES, *BROKERS, *NETWORK, *OPERATORS)

__all__ = ["FAULTS", "Fault"]
