"""`policy`: check, publish and activate the operator's policy."""

from pathlib import Path
from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, DryRun, Json, Sets, example, group
from qosresolve.cli.session import tool

app = group("Check, publish and activate policies.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="A policy in YAML.")]


@app.command(epilog=example("qosresolve policy check policy.yaml"))
def check(file: File, as_json: Json = False) -> None:
    """Read a policy file and show what it promises. Needs no Kafka. Exit status: 0 usable, 2 refused."""
    from qosresolve.cli.policy import view as policy_view

    raise typer.Exit(policy_view.check(file, as_json=as_json))


@app.command(epilog=example("qosresolve policy show"))
def show(config: ConfigFile = None, sets: Sets = None, as_json: Json = False) -> None:
    """Show the published policies and, per partition, the active one."""
    settings = tool(config, sets)

    from qosresolve.cli.policy import view as policy_view

    policy_view.show(settings, as_json=as_json)


@app.command(epilog=example("qosresolve policy publish policy.yaml"))
def publish(file: File, config: ConfigFile = None, sets: Sets = None, as_json: Json = False) -> None:
    """Store a policy under its hash. It changes nothing until it is activated."""
    from qosresolve.cli.policy import control as policy_control

    canonical = policy_control.compiled(file)
    settings = tool(config, sets)
    policy_control.publish(settings, *canonical, as_json=as_json)


@app.command(epilog=example("qosresolve policy activate policy.yaml --reason CHG-4711 --dry-run"))
def activate(
    *,
    policy: Annotated[
        str, typer.Argument(metavar="FILE|HASH", help="A file, or a published hash's beginning.")
    ],
    actor: Annotated[str, typer.Option(help="Who orders it; default: this user.")] = "",
    role: Annotated[str, typer.Option(help="The actor's role.")] = "policy-manager",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make a policy the one that new reports follow: publish it if need be, then order every partition."""
    from qosresolve.cli.policy import control as policy_control

    settings = tool(config, sets)
    order = policy_control.Order(actor, role, reason)
    policy_control.activate(settings, policy, order, dry_run=dry_run, as_json=as_json)
