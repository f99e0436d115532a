"""`policy`: check, publish and activate the operator's policy."""

from pathlib import Path
from typing import Annotated

import typer

from qosresolve.cli.options import Actor, ConfigFile, DryRun, Json, Sets, example, group
from qosresolve.cli.session import tool

app = group("Check, publish and activate policies.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="A policy in YAML.")]


@app.command(epilog=example("qosresolve policy check policy.yaml"))
def check(file: File, as_json: Json = False) -> None:
    """Read a policy file and show what it promises. Needs no Kafka. Exit status: 0 usable, 2 refused."""
    from qosresolve.cli.policy import view as policy_view

    raise typer.Exit(policy_view.check(file, as_json=as_json))


@app.command(
    "test",
    epilog=example(
        'qosresolve policy test policy.yaml --tier gold --severity major --at "2026-03-02 22:15"',
        "qosresolve policy test policy.yaml --expect expectations.yaml",
    ),
)
def try_out(
    *,
    file: File,
    tier: Annotated[str, typer.Option(help="The customer's tier; default: the policy's.")] = "",
    severity: Annotated[str, typer.Option(help="critical, major, minor, warning, indeterminate.")] = "major",
    at: Annotated[
        str, typer.Option(help="First bad sample, local in the customer's zone; default: now.")
    ] = "",
    site: Annotated[str, typer.Option(help="The product's site.")] = "",
    offering: Annotated[str, typer.Option(help="The product's offering.")] = "",
    sla: Annotated[str, typer.Option(help="Id of an agreement that is linked to the report.")] = "",
    indicator: Annotated[str, typer.Option(help="What is degraded.")] = "",
    cause: Annotated[str, typer.Option(help="Root cause that is found: service, resource, ...")] = "",
    party: Annotated[str, typer.Option(help="Owner of what is degraded.")] = "",
    expect: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Cases in YAML; exit status 1 where one differs.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a policy would do: targets, calls, plan. Needs no Kafka. Exit status: 2 for a bad file."""
    from qosresolve.cli.policy import expectations, trial

    policy = trial.compiled(file)
    if expect is not None:
        raise typer.Exit(expectations.compare(policy, expect, as_json=as_json))
    words = {"tier": tier, "severity": severity, "at": at, "site": site, "offering": offering, "sla": sla}
    asked = trial.question(policy, words | {"indicator": indicator, "cause": cause, "party": party})
    trial.show(policy, asked, as_json=as_json)


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
    actor: Actor = "",
    role: Annotated[str, typer.Option(help="The actor's role.")] = "policy-manager",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make a policy the one that new reports follow: publish it if need be, then order every partition.

    A former one is activated again by its hash: see docs/runbooks/wrong-policy.md.
    """
    from qosresolve.cli.policy import control as policy_control

    wanted = policy_control.wanted(policy)
    settings = tool(config, sets)
    order = policy_control.Order(actor, role, reason)
    policy_control.activate(settings, wanted, order, dry_run=dry_run, as_json=as_json)
