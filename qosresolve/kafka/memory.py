"""Freed memory, given back to the system.

Who reads whole topics has tens of megabytes of records queued for some seconds. Once they are freed, glibc
keeps them for the threads of the client, for as long as the process lives. Other C libraries have no such
call; there nothing is done.
"""


def give_back() -> None:
    """Give back what the C library keeps for later: some ms, so for the end of a long reading."""
    import ctypes  # noqa: PLC0415 - only who reads whole topics pays for it

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
