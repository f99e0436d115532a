"""`demo`: the whole thing in this process, with a small simulated world around it."""

from typing import Annotated

import typer

from qosresolve.cli.options import example


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=example("qosresolve demo --seconds 20 --plain"))(demo)


def demo(
    seconds: Annotated[float, typer.Option(min=1.0, help="How long the world goes on.")] = 45.0,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of a live table.")] = False,
) -> None:
    """Run broker, worker, timer and a simulated world here; verify at the end. Needs no Kafka."""
    from rich.console import Console

    from qosresolve.demo.run import run

    console = Console(force_terminal=False, no_color=True) if plain else Console()
    raise typer.Exit(run(seconds=seconds, console=console))
