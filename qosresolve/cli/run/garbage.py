"""How the garbage collector is set in a process that keeps much and makes few cycles.

A full collection looks at every object that is kept: 50,000 decoded cases are 1.2 million, and while a worker
decoded its first ones it stood still for up to 0.9 s, eight times, which was 40 % of the decoding. What dies
young is found by the young collections, which take some ms; a case that is dropped from the cache is freed by
its reference count. So a full one is left to a thousand others. Raw reports cost the collector nothing: a
table of strings and bytes is not tracked.
"""

import gc

YOUNG = 5_000  # more objects made than freed
MIDDLE, OLD = 4, 1_000  # collections of the younger ones


def settle() -> None:
    """Keep what is loaded out of every collection, and collect what is young only."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
