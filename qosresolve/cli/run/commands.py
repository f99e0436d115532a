"""`run`: the worker, the timer, or both in one process."""

from enum import StrEnum
from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, Sets, example
from qosresolve.cli.session import settings_of


class Role(StrEnum):
    """What a process may be."""

    WORKER = "worker"
    TIMER = "timer"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example("qosresolve run worker timer --set bootstrap_servers=broker:9092 --set slot=0")
    )(run)


def run(
    roles: Annotated[list[Role], typer.Argument(metavar="ROLE...", help="worker, timer, or both.")],
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Run one or both roles until SIGTERM or SIGINT.

    Exit status: 0 after a signal, 2 wrong settings, 70 stopped and needs a look, 75 start it again.
    """
    settings = settings_of(config, sets)

    from qosresolve.cli.run.roles import run_roles

    raise typer.Exit(run_roles(settings, list(dict.fromkeys(map(str, roles)))))
