"""Settings: `QOSRESOLVE_...` variables, a TOML file and `--set`, in rising order of precedence.

Options of librdkafka are passed through under `kafka`, e.g. `QOSRESOLVE_KAFKA__SASL_PASSWORD` or
`[kafka] "sasl.password"`; what the guarantees rest on cannot be overridden there.
"""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from qosresolve.errors import ConfigError

PROTECTED = {
    "enable.auto.commit": "offsets travel in the worker's transactions only",
    "enable.auto.offset.store": "offsets travel in the worker's transactions only",
    "isolation.level": "aborted records must never be read",
    "auto.offset.reset": "a missing offset must stop the worker, not skip records",
    "enable.idempotence": "exactly once rests on it",
    "acks": "exactly once rests on it",
    "transactional.id": "set `slot` and `transactional_id_prefix` instead",
    "group.id": "set `group` instead",
    "bootstrap.servers": "set `bootstrap_servers` instead",
    "partition.assignment.strategy": "set `group_protocol` instead",
    "group.protocol": "set `group_protocol` instead",
    "transaction.timeout.ms": "set `transaction_timeout_ms` instead",
    "enable.ssl.certificate.verification": "who the brokers are has to be proven",
    "ssl.endpoint.identification.algorithm": "a certificate has to name the host that was asked for",
    "enable.sasl.oauthbearer.unsecure.jwt": "anybody can write a token that nobody signed",
}
PREFIX = "QOSRESOLVE_"
NOT_SETTINGS = ("QOSRESOLVE_TEST_", "QOSRESOLVE_BENCH_")
SECRET_WORDS = ("password", "passphrase", "secret", "key.pem", "token", "credential", "oauthbearer.config")
_IN_URL = re.compile(r"(?<=://)[^/@]*@")  # user and password before the host
_QUERY = re.compile(r"\?.*")


class Settings(BaseSettings):
    """Everything that can be set, with its unit in the name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    bootstrap_servers: str = Field("127.0.0.1:9092", description="Kafka brokers, host:port, comma-separated")
    broker: Literal["kafka", "embedded"] = Field("kafka", description="embedded: librdkafka's mock cluster")
    prefix: str = Field("", description="put before every topic name", pattern=r"^[A-Za-z0-9._-]*$")
    group: str = Field("qosresolve", description="consumer group of the workers", min_length=1)
    slot: str = Field("", description="this worker's stable, unique place, e.g. the pod's ordinal")
    transactional_id_prefix: str = Field("qosresolve-", description="transactional.id is this plus the slot")
    group_protocol: Literal["classic", "consumer"] = Field("classic", description="KIP-848: consumer")
    static_membership: bool = Field(default=False, description="group.instance.id is the group plus the slot")
    partitions: int = Field(12, ge=1, le=10_000, description="count of the co-partitioned topics at creation")
    replication_factor: int = Field(3, ge=1, le=9, description="copies of every topic at creation")
    schema_registry_url: str = Field("", description="empty: bundled schemas, Avro single-object encoding")
    schema_registry_register: bool = Field(
        default=True, description="a missing schema is registered at its first use; false: the process stops"
    )
    edge_format: Literal["avro", "json"] = Field(
        "avro", description="requests and escalations; json: TM Forum's, docs/tmf.md"
    )
    edge_version: Literal["v4", "v5"] = Field(
        "v4", description="of TM Forum's APIs, where edge_format is json"
    )
    edge_party: str = Field(
        "qosresolve", description="our organisation's id in TM Forum's JSON", min_length=1
    )
    policy_file: Path | None = Field(None, description="policy to publish at start; default: the shipped one")
    batch_records: int = Field(2_000, ge=1, le=100_000, description="most records in one transaction")
    poll_ms: int = Field(50, ge=1, le=1_000, description="longest wait for a batch")
    transaction_timeout_ms: int = Field(15_000, ge=1_000, le=900_000, description="broker ends it after this")
    session_timeout_ms: int = Field(45_000, ge=1_000, description="group drops a silent worker after this")
    max_poll_interval_ms: int = Field(300_000, ge=1_000, description="group drops a busy worker after this")
    restore_stall_ms: int = Field(60_000, ge=1_000, description="a restore without progress stops the worker")
    restore_budget_ms: int = Field(
        21_600_000, ge=1_000, description="a longer restore stops the worker: tombstones expire meanwhile"
    )
    backlog_wait_ms: int = Field(30_000, ge=0, description="longest a deadline waits for older records")
    watchdog_ms: int = Field(120_000, ge=1_000, description="a loop without progress ends the process")
    dead_letter_limit: int = Field(1_000, ge=1, description="dead letters in a row that stop a partition")
    suspect_file: str | None = Field(
        None, description="outlives a crash: the record being taken; default: a temporary file; empty: none"
    )
    cached_cases: int = Field(
        50_000, ge=1, description="most decoded cases of a worker, 5 KB each; every partition has its share"
    )
    refire_ms: int = Field(5_000, ge=100, description="timer fires again when an alarm stays unsettled")
    audit_overdue_ms: int = Field(60_000, ge=1_000, description="auditor: a deadline is overdue after this")
    audit_from_start: bool = Field(default=False, description="auditor: fold the whole journal too")
    intake_topics: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict,
        description="foreign topics, TOPIC:FORMAT,... with full names; format auto looks at each payload",
    )
    intake_rules_file: Path | None = Field(None, description="rules of intake; default: the shipped ones")
    intake_fold_ms: int = Field(
        1_000, ge=0, description="the same crossing within this, by its records' times, is folded; 0: never"
    )
    intake_skew_ms: int = Field(
        300_000, ge=1_000, description="a source whose clock is off by more is marked"
    )
    parked_ms: int = Field(86_400_000, ge=1_000, description="an unknown object is waited for this long")
    parked_limit: int = Field(
        20_000, ge=1, description="most observations that wait in one partition; more are dead letters"
    )
    notify_to: Literal["alertmanager", "webhook"] = Field(
        "alertmanager", description="who is told of escalations: its API v2, or a signed webhook"
    )
    notify_url: str = Field("", description="the receiver's address; of an Alertmanager without /api/v2")
    notify_name: str = Field(
        "", description="one of several receivers: put behind the group", pattern=r"^[A-Za-z0-9._-]*$"
    )
    notify_secret_file: Path | None = Field(
        None, description="a webhook's secrets, whsec_..., one a line, the newest first"
    )
    notify_token_file: Path | None = Field(None, description="a token, sent as Authorization: Bearer")
    notify_ca_file: Path | None = Field(
        None,
        description="authorities that the receiver's certificate is held to, in PEM; default: the system's",
    )
    notify_timeout_ms: int = Field(5_000, ge=100, le=10_000, description="longest wait for the receiver")
    notify_backoff_ms: int = Field(
        30_000, ge=100, le=600_000, description="longest pause between two attempts, unless it asks for more"
    )
    notify_first_ms: int = Field(
        3_600_000, ge=0, description="at its very first start: escalations that are at most this old are told"
    )
    notify_link: str = Field(
        "", description="a page about a report, {report} and {product} are put in; told with each escalation"
    )
    http_port: int = Field(0, ge=0, le=65_535, description="metrics and health; 0: none")
    http_host: str = Field("127.0.0.1", description="address the metrics and health port listens on")
    log_format: Literal["json", "console"] = Field("json", description="console is for people")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level logged")
    tracing: bool = Field(
        default=False, description="OpenTelemetry traces, to where OTEL_... says; needs qosresolve[otel]"
    )
    kafka: dict[str, str] = Field(default_factory=dict, description="librdkafka options, passed through")

    @field_validator("intake_topics", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """Variables and `--set` have one line: TOPIC:FORMAT,TOPIC:FORMAT."""
        if not isinstance(value, str):
            return value
        pairs = [item.strip() for item in value.split(",") if item.strip()]
        return {topic.strip(): form.strip() or "auto" for topic, _, form in (p.partition(":") for p in pairs)}

    @field_validator("kafka", mode="before")
    @classmethod
    def _dotted(cls, value: object) -> object:
        """Environment names have underscores where librdkafka has dots."""
        if not isinstance(value, Mapping):
            return value
        flat = _flatten(value)
        return {key.lower().replace("_", "."): str(item) for key, item in flat.items()}

    @field_validator("kafka")
    @classmethod
    def _not_protected(cls, value: dict[str, str]) -> dict[str, str]:
        for key in value:
            if key in PROTECTED:
                raise ValueError(f"{key} cannot be set here: {PROTECTED[key]}")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take explicit values before the environment; `load` puts the file below both."""
        return (init_settings, env_settings)


def _flatten(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{above}.{key}" if above else str(key)
        flat |= _flatten(value, name) if isinstance(value, Mapping) else {name: value}
    return flat


def load(file: Path | None = None, overrides: Sequence[str] = ()) -> Settings:
    """Return the settings; `overrides` are `name=value` or `kafka.<option>=value`.

    Raises ConfigError that names the setting and the remedy.
    """
    explicit = _from_overrides(overrides)
    from_file = _from_file(file) if file else {}
    _no_strangers(os.environ)
    try:
        environment = Settings().model_dump(exclude_unset=True)
        return Settings(**_merged(from_file, environment, explicit))
    except ValidationError as error:
        raise _explained(error) from None


def _merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        kafka = {**merged.get("kafka", {}), **layer.get("kafka", {})}
        merged |= {**layer, **({"kafka": kafka} if kafka else {})}
    return merged


def _from_file(file: Path) -> dict[str, Any]:
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}", setting="--config") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not TOML: {error}", setting="--config") from None
    if "kafka" in tree:
        tree["kafka"] = {key.lower(): str(value) for key, value in _flatten(tree["kafka"]).items()}
    return tree


def _from_overrides(overrides: Sequence[str]) -> dict[str, Any]:
    explicit: dict[str, Any] = {}
    for override in overrides:
        name, equals, value = override.partition("=")
        if not equals:
            raise ConfigError(f"{override!r} is not name=value", setting="--set", remedy="--set slot=0")
        if name.startswith("kafka."):
            explicit.setdefault("kafka", {})[name.removeprefix("kafka.")] = value
        else:
            explicit[name] = value
    return explicit


def _no_strangers(environment: Mapping[str, str]) -> None:
    """Refuse a variable of ours that names no setting: a misspelt one would silently have no effect."""
    for variable in environment:
        name, _, _ = variable.removeprefix(PREFIX).lower().partition("__")
        foreign = not variable.startswith(PREFIX) or variable.startswith(NOT_SETTINGS)
        if not foreign and name not in Settings.model_fields:
            close = get_close_matches(name, Settings.model_fields, 1)
            remedy = f"did you mean {PREFIX}{close[0].upper()}?" if close else _KNOWN
            raise ConfigError("names no setting", setting=variable, remedy=remedy)


def _explained(error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"]) or "settings"
    known = Settings.model_fields.get(str(first["loc"][0])) if first["loc"] else None
    variable = f"{PREFIX}{str(first['loc'][0]).upper()}" if first["loc"] else ""
    remedy = f"set {variable}, --set {name}=... or the TOML file; it is: {known.description}" if known else ""
    if first["type"] == "extra_forbidden":
        remedy = _KNOWN
    got = "" if name.startswith("kafka") else f" (got {first.get('input')!r})"  # may hold a secret
    return ConfigError(f"{first['msg']}{got}", setting=name, remedy=remedy)


_KNOWN = "known settings: " + ", ".join(sorted(Settings.model_fields))


def masked(settings: Settings) -> dict[str, Any]:
    """Return the settings for showing: secrets are replaced by stars."""
    shown = settings.model_dump(mode="json")
    shown["schema_registry_url"] = _IN_URL.sub("***@", settings.schema_registry_url)
    shown["notify_url"] = _QUERY.sub("?***", _IN_URL.sub("***@", settings.notify_url))
    shown["kafka"] = {
        key: "***" if any(word in key for word in SECRET_WORDS) else value
        for key, value in settings.kafka.items()
    }
    return shown
