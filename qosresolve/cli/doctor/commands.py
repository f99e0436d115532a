"""`doctor`: what is not well, what it means, and what mends it."""

from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, Json, Sets, example
from qosresolve.cli.session import settings_of, tell, tool
from qosresolve.errors import QosResolveError
from qosresolve.kafka.acls import Role

COULD_NOT = 2

Outage = Annotated[
    str, typer.Option(metavar="DURATION", help="How long all may stand still, e.g. 36h: for retention.")
]
Only = Annotated[
    list[str] | None, typer.Option(metavar="CHECK", help="Make this check alone. May be repeated.")
]
As = Annotated[
    list[Role] | None,
    typer.Option("--as", metavar="ROLE", help="These credentials are that role's. May be repeated."),
]
Limit = Annotated[float, typer.Option("--timeout", min=1, help="Longest time for one check, in seconds.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "qosresolve doctor --config prod.toml",
            "qosresolve doctor --outage 48h --json",
            "qosresolve doctor --only lag --only positions",
            "qosresolve doctor --only rights --as worker --as timer",
        )
    )(doctor)


def doctor(
    *,
    outage: Outage = "24h",
    only: Only = None,
    roles: As = None,
    limit: Limit = 60.0,
    as_json: Json = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Look at topics, brokers, groups, inputs, clocks, deadlines, rights... and say what is not well.

    Every finding has what it means, the command that mends it and its page in docs/runbooks. Reads only.
    Checks and findings are in docs/doctor.md. Exit status: 0 all well, notes allowed; 1 a warning or worse;
    2 nothing bad was found, but not everything could be looked at.
    """
    try:
        from qosresolve.cli.doctor import question, view

        asked, settings = question.asked(outage, only or ()), settings_of(config, sets)
        question.refuse_embedded(settings)
        try:
            settings = tool(config, sets)
        except QosResolveError as error:
            status = view.nobody_answers(error, settings, asked, as_json=as_json)
        else:
            status = view.examined(settings, asked, roles or (), limit, as_json=as_json)
    except QosResolveError as error:
        tell(error)
        raise typer.Exit(COULD_NOT) from None
    raise typer.Exit(status)
