"""`topics`: make and check the topics of the one table."""

import typer

from qosresolve.cli.options import ConfigFile, DryRun, Json, Sets, example, group
from qosresolve.cli.session import settings_of, tool

app = group("Make and check the topics.")


@app.command(epilog=example("qosresolve topics create --set partitions=12 --set prefix=prod. --dry-run"))
def create(
    config: ConfigFile = None, sets: Sets = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Make what is missing, and write the worker group's first offsets. Changes nothing that exists."""
    settings = tool(config, sets)

    from qosresolve.cli.topics import view as topics_view
    from qosresolve.kafka import topics_admin

    topics_view.created(topics_admin.create(settings, dry_run=dry_run), dry_run=dry_run, as_json=as_json)


@app.command(epilog=example("qosresolve topics check --json"))
def check(config: ConfigFile = None, sets: Sets = None, as_json: Json = False) -> None:
    """Compare the cluster with the table. Exit status: 0 all right, 1 something has to be mended."""
    settings = tool(config, sets)

    from qosresolve.cli.topics import view as topics_view
    from qosresolve.kafka import topics_admin

    findings = topics_admin.check(settings)
    topics_view.checked(findings, as_json=as_json)
    raise typer.Exit(int(any(finding.wrong for finding in findings)))


@app.command(
    epilog=example("qosresolve topics strimzi --set prefix=prod. | kubectl apply --namespace kafka -f -")
)
def strimzi(config: ConfigFile = None, sets: Sets = None) -> None:
    """Print the topics as KafkaTopics of the Strimzi operator. Needs no Kafka.

    The group's first offsets are still written by `topics create`.
    """
    settings = settings_of(config, sets)

    from qosresolve.cli.output import documents
    from qosresolve.kafka import strimzi as resources

    documents(resources.topics(settings))
