"""`world`: the simulated neighbours of the demonstration around real roles on real brokers."""

from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, Sets, example


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "qosresolve world --set bootstrap_servers=kafka:9092",
            "qosresolve world --every 120",
        )
    )(world)


def world(
    every: Annotated[float, typer.Option(min=40.0, help="Seconds until its story begins again.")] = 60.0,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Play the demonstration's monitoring, suppliers and people on real brokers, until SIGTERM.

    It writes inventory and inputs, reads requests and the journal, and answers them, also about products that
    somebody else told of. For a test system: worker, timer and intake run elsewhere, with the policy and the
    rules in qosresolve/demo, whose targets are seconds. deploy/compose.yaml does it.
    """
    from qosresolve.cli.session import tool
    from qosresolve.demo.outside import play

    play(tool(config, sets), every)
