"""`notify`: try the receiver of escalations."""

from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, DryRun, Json, Sets, example, group

app = group("Try the receiver of escalations; `run notify` tells it of all of them.")


@app.command(
    "test",
    epilog=example(
        "qosresolve notify test --set notify_url=http://alertmanager:9093",
        "qosresolve notify test --end --set notify_url=http://alertmanager:9093",
        "qosresolve notify test --dry-run --json --config qosresolve.toml",
    ),
)
def try_out(
    *,
    end: Annotated[bool, typer.Option("--end", help="Tell that the sample is over.")] = False,
    level: Annotated[int, typer.Option(min=1, max=10, help="The sample's escalation level.")] = 1,
    target: Annotated[str, typer.Option(help="Whom the sample calls.")] = "notify-test",
    config: ConfigFile = None,
    sets: Sets = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send one sample escalation as `run notify` would, and say what came back. Needs no Kafka.

    The sample is of the product `notify-test`. People may be called: routes and receivers see no difference.
    In an Alertmanager it ends by itself after five minutes.

    Exit status: 0 taken, 1 not taken, 2 wrong settings.
    """
    from qosresolve.cli.notify import trial
    from qosresolve.cli.session import settings_of

    asked = trial.Asked(end=end, level=level, target=target, dry_run=dry_run)
    raise typer.Exit(trial.test(settings_of(config, sets), asked, as_json=as_json))
