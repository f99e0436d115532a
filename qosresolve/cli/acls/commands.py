"""`acls`: which rights of Kafka's each role needs, from the one table."""

from enum import StrEnum
from typing import Annotated

import typer

from qosresolve.cli.options import ConfigFile, Json, Sets, example
from qosresolve.cli.session import settings_of
from qosresolve.kafka.acls import Role


class Format(StrEnum):
    """How the rights are shown."""

    TABLE = "table"
    JSON = "json"
    KAFKA_ACLS = "kafka-acls"
    STRIMZI = "strimzi"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "qosresolve acls",
            "qosresolve acls worker timer --set prefix=prod. --set group=prod",
            "qosresolve acls worker --principal User:qos-worker --format kafka-acls | sh",
            "qosresolve acls worker timer --format strimzi | kubectl apply --namespace kafka -f -",
            "qosresolve acls look --json",
        )
    )(acls)


def acls(
    *,
    roles: Annotated[list[Role] | None, typer.Argument(metavar="[ROLE]...", help="Default: all.")] = None,
    principal: Annotated[
        str, typer.Option(metavar="TYPE:NAME", help="Whom to grant it; default: User: and the role.")
    ] = "",
    form: Annotated[
        Format,
        typer.Option("--format", help="kafka-acls: commands of Kafka's own tool; strimzi: KafkaUsers."),
    ] = Format.TABLE,
    as_json: Json = False,
    config: ConfigFile = None,
    sets: Sets = None,
) -> None:
    """Show the rights that a role needs on the brokers, and not one more. Needs no Kafka.

    Names follow the settings `prefix`, `group` and `transactional_id_prefix`. Processes: worker, timer,
    auditor. People and neighbours: look, replay, shadow, emit, orders, policy, windows, inventory,
    dead-letters, rebuild, topics, doctor. See docs/security.md.
    """
    settings = settings_of(config, sets)

    from qosresolve.cli.acls import view

    view.SHOW["json" if as_json else form.value](settings, roles or list(Role), principal)
