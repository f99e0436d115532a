"""Who sits at the terminal."""

import getpass


def user() -> str:
    """Return the name of this user; containers may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "cli"
