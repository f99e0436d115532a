"""From options to settings, a broker that answers, and errors that people can read."""

import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from qosresolve.errors import ConfigError, FatalError, QosResolveError

if TYPE_CHECKING:
    from qosresolve.settings import Settings

_used: ContextVar["Settings | None"] = ContextVar("settings", default=None)  # for what goes wrong later
COULD_NOT = 2  # the exit status of a command that tells 0 and 1 apart
PROBE_S = 8.0
PROBE_TURN_S = 0.5


class Guarded(TyperGroup):
    """Turns what the program raises on purpose into one message and its exit status."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - the context's class is typer's own
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            known = explained(error)
            if known is None:
                raise
            raise typer.Exit(tell(known)) from None


def explained(error: Exception) -> QosResolveError | None:
    """Return an error that this program or its Kafka client raises on purpose, None for a fault."""
    if isinstance(error, QosResolveError):
        return error
    if type(error).__name__ == "KafkaException":
        return FatalError(
            f"Kafka: {error}\n  remedy: check bootstrap_servers and [kafka] with `qosresolve config show`"
        )
    return None


def could(done: Callable[[], int]) -> int:
    """Return the exit status of something: 2, with what was wrong told, where it could not be done."""
    try:
        return done()
    except Exception as error:
        known = explained(error)
        if known is None:
            raise
        tell(known)
        return COULD_NOT


def tell(error: QosResolveError) -> int:
    """Print an error, with its remedy, to standard error; return its exit status."""
    error = _named(error)
    text, remedy = str(error), getattr(error, "remedy", "")
    typer.echo(f"error: {text}", err=True)
    if remedy and remedy not in text:
        typer.echo(f"  remedy: {remedy}", err=True)
    return error.exit_code


def _named(error: QosResolveError) -> QosResolveError:
    """Return an error about missing rights with this command's user and brokers in it."""
    if type(error).__name__ != "DeniedError":  # without importing Kafka's client for it
        return error

    from qosresolve.kafka import credentials, denied

    settings = _used.get()
    if not isinstance(error, denied.DeniedError) or error.principal != credentials.UNKNOWN or not settings:
        return error
    return denied.explained(error, settings)


def settings_of(config: Path | None, sets: Sequence[str] | None) -> "Settings":
    """Return the settings. Raises ConfigError."""
    from qosresolve.settings import load

    return load(config, sets or ())


def tool(config: Path | None, sets: Sequence[str] | None) -> "Settings":
    """Return the settings of a tool, after a broker has answered; librdkafka is kept quiet."""
    settings = settings_of(config, sets)
    _used.set(settings)
    probe(settings)
    return _with(settings, {"log_level": "2"} | settings.kafka)


def probe(settings: "Settings") -> None:
    """Make sure that a broker answers. Raises ConfigError that says what stood in the way."""
    from confluent_kafka import KafkaError, KafkaException

    from qosresolve.kafka import clients, credentials

    seen: list[KafkaError] = []
    heard = {"log_level": "0", "error_cb": seen.append}
    try:
        client = clients.plain_producer(_with(settings, settings.kafka | heard))
    except KafkaException as error:
        raise ConfigError(error.args[0].str(), setting="kafka", remedy=_OPTIONS) from None
    end = time.monotonic() + PROBE_S
    while True:
        try:
            client.list_topics(timeout=PROBE_TURN_S)
            return
        except KafkaException as error:
            client.poll(0)
            for each in seen:
                refused = credentials.refused(each, settings)
                if refused is not None:  # waiting would change nothing
                    raise refused from None
            if time.monotonic() < end:
                continue
            why = seen[0] if seen else error.args[0]
            raise ConfigError(
                f"no broker answers at {settings.bootstrap_servers}: {why.str()}",
                setting="bootstrap_servers",
                remedy=_REACH,
            ) from None


_OPTIONS = "mend that option in [kafka] of the TOML file, QOSRESOLVE_KAFKA__... or --set kafka.NAME=VALUE"
_REACH = (
    "start the brokers, or set QOSRESOLVE_BOOTSTRAP_SERVERS or --set bootstrap_servers=HOST:PORT; "
    "with SASL or TLS also kafka.security.protocol and its options"
)


def _with(settings: "Settings", options: dict[str, Any]) -> "Settings":
    return settings.model_copy(update={"kafka": options})
