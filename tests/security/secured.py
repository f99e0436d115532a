"""A broker with SASL over TLS and an authorizer that grants nothing by itself.

Scope: the broker, its certificates, its users and their ACLs. Who is under test comes in by `bootstrap` (TLS
and SCRAM); the tests themselves by `inner`, a plain listener whose anonymous user may do everything.
"""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, cast

import trustme
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from qosresolve.kafka.acls import Acl, Operation, Pattern, Resource
from tests.kafka.harness import await_that
from tests.support.kafka_broker import LOOPBACK, free_port
from tests.support.kafka_server import KafkaServer
from tests.support.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

TIMEOUT_S = 30.0
ITERATIONS = 4096
MECHANISM = "SCRAM-SHA-512"
AUDIT = "kafka.authorizer.logger"
LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
ASKING = ("secure", "expired", "proxied")  # listeners that want to know who it is
LONG_AGO = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)

_OPERATIONS = {
    Operation.READ: AclOperation.READ,
    Operation.WRITE: AclOperation.WRITE,
    Operation.CREATE: AclOperation.CREATE,
    Operation.DESCRIBE: AclOperation.DESCRIBE,
    Operation.DESCRIBE_CONFIGS: AclOperation.DESCRIBE_CONFIGS,
}
_RESOURCES = {
    Resource.TOPIC: ResourceType.TOPIC,
    Resource.GROUP: ResourceType.GROUP,
    Resource.TRANSACTIONAL_ID: ResourceType.TRANSACTIONAL_ID,
}
_PATTERNS = {
    Pattern.LITERAL: ResourcePatternType.LITERAL,
    Pattern.PREFIXED: ResourcePatternType.PREFIXED,
}


@dataclass(frozen=True, slots=True)
class Ports:
    """Where it listens: for its clients, with an old certificate, behind the proxy; for the tests."""

    secure: int
    expired: int
    proxied: int
    inner: int
    control: int


class Secured:
    """One secured broker for many tests; each grants what it needs, and takes it back."""

    def __init__(self, folder: Path, users: Mapping[str, str]) -> None:
        """Make its certificates in a folder; `users` are names and passwords, there from the start."""
        self._folder = folder
        self.ports = Ports(*(free_port() for _ in range(5)))
        authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        self.other_ca_file = folder / "other-ca.pem"
        trustme.CA().cert_pem.write_to_path(self.other_ca_file)
        # Only the address: who asks for localhost finds another name in the certificate.
        keystore = self._keystore("keystore.pem", authority.issue_cert(LOOPBACK))
        expired = self._keystore("expired.pem", authority.issue_cert(LOOPBACK, not_after=LONG_AGO))
        self.proxy = TcpProxy(self.ports.proxied, kafka=False)
        self.server = KafkaServer(
            properties(self.ports, self.proxy.port, keystore, expired),
            port=self.ports.inner,
            format_arguments=list(scram_arguments(users)),
            options=[f"-Dorg.slf4j.simpleLogger.log.{AUDIT}=debug"],
        )
        self._admin: AdminClient | None = None

    def _keystore(self, name: str, certificate: trustme.LeafCert) -> Path:
        """Write key and certificates as Kafka takes them: the key as PKCS 8."""
        key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
        path = self._folder / name
        chain = b"".join(item.bytes() for item in certificate.cert_chain_pems)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain)
        return path

    # -- addresses

    @property
    def bootstrap(self) -> str:
        """Where clients come in."""
        return f"{LOOPBACK}:{self.ports.secure}"

    @property
    def inner(self) -> str:
        """Where the tests come in."""
        return self.server.bootstrap

    def client(self, user: str, password: str) -> list[str]:
        """Return the settings of a client, as `--set` takes them."""
        return [
            f"bootstrap_servers={self.bootstrap}",
            "kafka.security.protocol=sasl_ssl",
            f"kafka.sasl.mechanism={MECHANISM}",
            f"kafka.sasl.username={user}",
            f"kafka.sasl.password={password}",
            f"kafka.ssl.ca.location={self.ca_file}",
        ]

    # -- users and rights

    @property
    def admin(self) -> AdminClient:
        """Return a client that may do everything."""
        if self._admin is None:
            self._admin = AdminClient({"bootstrap.servers": self.inner, "log_level": 0})
        return self._admin

    def set_password(self, user: str, password: str) -> None:
        """Make a user, or change its password, and wait until the broker goes by it."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
        change = UserScramCredentialUpsertion(user, info, password.encode())
        self.admin.alter_user_scram_credentials([change])[user].result(TIMEOUT_S)

    def grant(self, user: str, acls: Iterable[Acl]) -> None:
        """Give a user rights, and wait until the broker knows them."""
        wanted = [binding(user, one) for acl in acls for one in acl.single()]
        for future in self.admin.create_acls(wanted, request_timeout=TIMEOUT_S).values():
            future.result(TIMEOUT_S)
        await_that(lambda: set(wanted) <= self._bindings(user), "ACLs")

    def revoke(self, user: str, acls: Iterable[Acl]) -> None:
        """Take rights back, and wait until the broker has forgotten them."""
        gone = [binding(user, one) for acl in acls for one in acl.single()]
        filters = [
            AclBindingFilter(
                item.restype,
                item.name,
                item.resource_pattern_type,
                item.principal,
                item.host,
                item.operation,
                item.permission_type,
            )
            for item in gone
        ]
        for future in self.admin.delete_acls(filters, request_timeout=TIMEOUT_S).values():
            future.result(TIMEOUT_S)
        await_that(lambda: not set(gone) & self._bindings(user), "end of the ACLs")

    @contextmanager
    def granted(self, user: str, acls: Iterable[Acl]) -> Iterator[None]:
        """Give a user these rights for the length of a block."""
        held = list(acls)
        self.grant(user, held)
        try:
            yield
        finally:
            self.revoke(user, held)

    def _bindings(self, user: str) -> set[AclBinding]:
        everything = AclBindingFilter(
            ResourceType.ANY,
            cast("str", None),  # None is any
            ResourcePatternType.ANY,
            principal(user),
            cast("str", None),
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        return set(self.admin.describe_acls(everything, request_timeout=TIMEOUT_S).result(TIMEOUT_S))

    # -- life

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.close()
        self.proxy.close()


def principal(user: str) -> str:
    """Return a user's name in an ACL."""
    return f"User:{user}"


def binding(user: str, acl: Acl) -> AclBinding:
    """Return an ACL of one operation as the client takes it."""
    (operation,) = acl.operations
    return AclBinding(
        _RESOURCES[acl.resource],
        acl.name,
        _PATTERNS[acl.pattern],
        principal(user),
        "*",
        _OPERATIONS[operation],
        AclPermissionType.ALLOW,
    )


def scram_arguments(users: Mapping[str, str]) -> Iterator[str]:
    """Yield what makes users while the log directory is formatted."""
    for name, password in users.items():
        yield "--add-scram"
        yield f"{MECHANISM}=[name={name},iterations={ITERATIONS},password={password}]"


def properties(ports: Ports, proxy: int, keystore: Path, expired: Path) -> dict[str, str]:
    """Return what makes a broker ask."""
    return {
        "listeners": f"INNER://{LOOPBACK}:{ports.inner},CONTROLLER://{LOOPBACK}:{ports.control},"
        f"SECURE://{LOOPBACK}:{ports.secure},EXPIRED://{LOOPBACK}:{ports.expired},"
        f"PROXIED://{LOOPBACK}:{ports.proxied}",
        "advertised.listeners": f"INNER://{LOOPBACK}:{ports.inner},"
        f"SECURE://{LOOPBACK}:{ports.secure},EXPIRED://{LOOPBACK}:{ports.expired},"
        f"PROXIED://{LOOPBACK}:{proxy}",
        "listener.security.protocol.map": "INNER:PLAINTEXT,CONTROLLER:PLAINTEXT,"
        "SECURE:SASL_SSL,EXPIRED:SASL_SSL,PROXIED:SASL_SSL",
        "inter.broker.listener.name": "INNER",
        "controller.quorum.voters": f"1@{LOOPBACK}:{ports.control}",
        "sasl.enabled.mechanisms": MECHANISM,
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keystore),
        "listener.name.expired.ssl.keystore.type": "PEM",
        "listener.name.expired.ssl.keystore.location": str(expired),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "broker.session.timeout.ms": "18000",  # it is never killed, and may have to wait for its turn
        "super.users": "User:ANONYMOUS",  # who comes in by INNER and CONTROLLER
        "allow.everyone.if.no.acl.found": "false",
        **{f"listener.name.{name}.{MECHANISM.lower()}.sasl.jaas.config": LOGIN for name in ASKING},
    }
