"""What the brokers do not let us do: said with the right that is missing and the command that grants it.

A role asks at its start, in one request, whether it may do all that the table of `acls` says. In mid-run it
hears of a right that was taken away by an error code, which in transactions names no topic: so it asks again.
"""

from collections.abc import Iterable, Sequence

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._topic import TopicDescription

from qosresolve.errors import ConfigError, RetriableError
from qosresolve.kafka import clients
from qosresolve.kafka.acls import Acl, Operation, Pattern, Resource, Role, acls, grant
from qosresolve.kafka.credentials import PAGE, UNKNOWN, principal
from qosresolve.settings import Settings

TIMEOUT = 10.0

_OF = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: Resource.TOPIC,
    KafkaError.GROUP_AUTHORIZATION_FAILED: Resource.GROUP,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: Resource.TRANSACTIONAL_ID,
    # An idempotent producer that may write to no topic at all is told that the cluster refuses it.
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: Resource.TOPIC,
}
_WORDS = [(KafkaError(code).str(), resource) for code, resource in _OF.items()]
_ASKED = {
    Operation.READ: AclOperation.READ,
    Operation.WRITE: AclOperation.WRITE,
    Operation.CREATE: AclOperation.CREATE,
    Operation.DESCRIBE: AclOperation.DESCRIBE,
    Operation.DESCRIBE_CONFIGS: AclOperation.DESCRIBE_CONFIGS,
}


class DeniedError(ConfigError):
    """The brokers refuse what we ask for, as who we are: a person has to grant it.

    `seen` is the brokers' word, `resource` what kind of thing it is about, `missing` the rights where known.
    """

    def __init__(
        self,
        seen: str,
        resource: Resource,
        missing: Sequence[Acl] = (),
        *,
        principal: str = UNKNOWN,
        bootstrap: str = "HOST:PORT",
    ) -> None:
        self.principal = principal
        self.seen = seen
        self.resource = resource
        self.missing = tuple(missing)
        named = "; ".join(map(_said, missing)) or f"a right on a {resource}"
        commands = "\n    ".join(grant(acl, principal, bootstrap) for acl in missing)
        super().__init__(
            f"the brokers do not allow {principal} {named} ({seen})",
            remedy=f"grant it, then start again, see {PAGE}" + (f":\n    {commands}" if commands else ""),
        )


def _said(acl: Acl) -> str:
    return f"{', '.join(acl.operations)} on {acl.resource} {acl.name}"


def denial(error: object, topic: str | None = None, operation: Operation | None = None) -> DeniedError | None:
    """Return what a client's error says of missing rights, None where it is about something else.

    `topic` and `operation` are what was tried, where that is known.
    """
    if isinstance(error, KafkaException):
        error = error.args[0]
    resource = _resource(error) if isinstance(error, KafkaError) else None
    if resource is None or not isinstance(error, KafkaError):
        return None
    if topic and operation and resource is Resource.TOPIC:
        tried = Acl(Resource.TOPIC, topic, Pattern.LITERAL, (operation,), "")
        return DeniedError(error.str(), resource, (tried,))
    return DeniedError(error.str(), resource)


def _resource(error: KafkaError) -> Resource | None:
    """Return what kind of thing an error refuses; a refused look-up of an offset says it in words only."""
    if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - the client's own constant
        return next((resource for words, resource in _WORDS if words in error.str()), None)
    return _OF.get(error.code())


def raise_if_denied(error: object, topic: str | None = None, operation: Operation | None = None) -> None:
    """Raise DeniedError where an error is about missing rights."""
    found = denial(error, topic, operation)
    if found is not None:
        raise found from None


def raise_if_hidden(admin: AdminClient, topic: str, operation: Operation) -> None:
    """Raise DeniedError where a topic is not to be seen because we may not: brokers then say it is not there.

    `operation` is what was to be done with it.
    """
    future = admin.describe_topics(TopicCollection([topic]), request_timeout=TIMEOUT)[topic]
    try:
        future.result()
    except KafkaException as error:
        raise_if_denied(error, topic, operation)


def check(settings: Settings, roles: Iterable[Role]) -> None:
    """Ask whether these roles may do with their topics what they need. One request.

    Raises DeniedError with all that is missing, ConfigError where a topic does not exist, RetriableError
    while brokers do not answer. Group and transactional id are asked for by using them.
    """
    wanted = [acl for role in roles for acl in acls(role, settings) if acl.resource is Resource.TOPIC]
    missing = _missing(clients.admin(settings), wanted)
    if missing:
        raise _told("asked at the start", Resource.TOPIC, missing, settings)


def explained(error: DeniedError, settings: Settings, role: Role | None = None) -> DeniedError:
    """Return an error again with the rights that are missing now, and the commands for this user."""
    return _told(
        error.seen, error.resource, error.missing or _found(error.resource, settings, role), settings
    )


def _found(resource: Resource, settings: Settings, role: Role | None) -> list[Acl]:
    if role is None:
        return []
    wanted = [acl for acl in acls(role, settings) if acl.resource is resource]
    if resource is not Resource.TOPIC:
        return wanted  # there is but one
    try:
        return _missing(clients.admin(settings), wanted)
    except (ConfigError, RetriableError):  # then what was seen has to do
        return []


def _told(seen: str, resource: Resource, missing: Sequence[Acl], settings: Settings) -> DeniedError:
    return DeniedError(
        seen, resource, missing, principal=principal(settings), bootstrap=settings.bootstrap_servers
    )


def _missing(admin: AdminClient, wanted: Sequence[Acl]) -> list[Acl]:
    """Return what of this the brokers do not grant, by topic. Raises ConfigError, RetriableError."""
    names = TopicCollection(list(dict.fromkeys(acl.name for acl in wanted)))
    futures = admin.describe_topics(names, include_authorized_operations=True, request_timeout=TIMEOUT)
    missing = []
    for acl in wanted:
        try:
            allowed = _allowed(futures[acl.name].result())
        except KafkaException as error:
            allowed = _unseen(acl, error.args[0])
        lacking = tuple(operation for operation in acl.operations if _ASKED[operation] not in allowed)
        if lacking:
            missing.append(Acl(acl.resource, acl.name, acl.pattern, lacking, acl.why))
    return missing


def _allowed(topic: TopicDescription) -> Iterable[object]:
    """Return what may be done with a topic; brokers that do not tell are believed to allow it."""
    return topic.authorized_operations or _ASKED.values()


def _unseen(acl: Acl, error: KafkaError) -> Iterable[object]:
    if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        return ()
    if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
        raise ConfigError(
            f"there is no topic {acl.name}",
            setting="prefix",
            remedy="make the topics with `qosresolve topics create`",
        ) from None
    raise RetriableError(f"cannot ask for the rights on {acl.name}: {error.str()}") from None
