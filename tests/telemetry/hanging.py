"""A process whose loop hangs in one way or another. Called as `hanging.py WAY LIMIT_S`.

Ways: `python`, in Python code; `released` and `held`, in C without and with the interpreter's lock; `moving`,
not at all, but slowly, until standard input is closed.
"""

import ctypes
import select
import sys
import time

from qosresolve.telemetry.health import Health
from qosresolve.telemetry.watchdog import watch

health = Health()


def say(word: str) -> None:
    """Tell whoever has started us."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def hang_in_python() -> None:
    """Do nothing, busily."""
    while True:
        time.sleep(0.01)


def hang_in_c() -> None:
    """As a client does that waits for a broker."""
    ctypes.CDLL(None).sleep(1_000)


def hang_with_the_lock() -> None:
    """As an extension does that never lets go: no other thread runs any more."""
    ctypes.PyDLL(None).sleep(1_000)


def move() -> None:
    """Beat ten looks at a time, each of which takes its while: after a stop, not at once."""
    while not select.select([sys.stdin], [], [], 0)[0]:
        health.beat("worker", ready=True)
        say("beat")
        for _ in range(10):
            time.sleep(0.05)


WAYS = {"python": hang_in_python, "released": hang_in_c, "held": hang_with_the_lock, "moving": move}

health.begin("worker")
with watch(health, float(sys.argv[2])):
    say("watched")
    WAYS[sys.argv[1]]()
