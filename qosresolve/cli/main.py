"""The entry point: which commands there are."""

import zoneinfo
from typing import Annotated

import typer

from qosresolve import __version__
from qosresolve.cli import demo, world
from qosresolve.cli.acls import commands as acls
from qosresolve.cli.config import commands as config
from qosresolve.cli.dead_letters import commands as dead_letters
from qosresolve.cli.doctor import commands as doctor
from qosresolve.cli.emit import commands as emit
from qosresolve.cli.intake import commands as intake
from qosresolve.cli.inventory import commands as inventory
from qosresolve.cli.notify import commands as notify
from qosresolve.cli.options import group
from qosresolve.cli.parked import commands as parked
from qosresolve.cli.policy import commands as policy
from qosresolve.cli.rebuild import commands as rebuild
from qosresolve.cli.repair import commands as repair
from qosresolve.cli.replay import commands as replay
from qosresolve.cli.reports import commands as reports
from qosresolve.cli.run import commands as run
from qosresolve.cli.schemas import commands as schemas
from qosresolve.cli.session import Guarded
from qosresolve.cli.topics import commands as topics
from qosresolve.cli.verify import commands as verify
from qosresolve.cli.windows import commands as windows

app = group(
    "Tracks and manages customer QoS performance resolution (eTOM 1.3.8.5) on Kafka, exactly once.\n\n"
    "Settings come from QOSRESOLVE_... variables, a TOML file and --set: see `qosresolve config show`.",
    kind=Guarded,
)


def _version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version
        from platform import python_version

        from confluent_kafka import libversion

        typer.echo(
            f"qosresolve {__version__} (confluent-kafka {version('confluent-kafka')}, "
            f"librdkafka {libversion()[0]}, Python {python_version()})"
        )
        raise typer.Exit


def _on_version(wanted: bool) -> None:
    _version(wanted=wanted)


@app.callback()
def _root(
    *,
    _show: Annotated[
        bool, typer.Option("--version", callback=_on_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


run.add_to(app)
app.add_typer(topics.app, name="topics")
app.add_typer(schemas.app, name="schemas")
app.add_typer(policy.app, name="policy")
app.add_typer(windows.app, name="windows")
app.add_typer(intake.app, name="intake")
app.add_typer(inventory.app, name="inventory")
app.add_typer(parked.app, name="parked")
app.add_typer(notify.app, name="notify")
app.add_typer(emit.app, name="emit")
app.add_typer(reports.app, name="reports")
app.add_typer(dead_letters.app, name="dead-letters")
verify.add_to(app)
repair.add_to(app)
rebuild.add_to(app)
doctor.add_to(app)
replay.add_to(app)
acls.add_to(app)
app.add_typer(config.app, name="config")
demo.add_to(app)
world.add_to(app)


def main() -> None:
    """Run the command line."""
    # Deadlines follow the pinned tzdata package, not the host: a replay elsewhere must find the same ones.
    zoneinfo.reset_tzpath(())
    app(prog_name="qosresolve")
