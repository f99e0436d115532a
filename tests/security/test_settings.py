"""Settings keep secrets to themselves, and do not let anybody switch off what protects."""

import pytest

from qosresolve.errors import ConfigError
from qosresolve.settings import load, masked

HIDDEN = "do-not-tell"


@pytest.mark.parametrize(
    "option",
    [
        "enable.ssl.certificate.verification=false",
        "ssl.endpoint.identification.algorithm=none",
        "enable.sasl.oauthbearer.unsecure.jwt=true",
    ],
)
def test_verification_cannot_be_switched_off(option: str) -> None:
    """Refused with the reason: a connection to anybody is none."""
    name = option.partition("=")[0]
    with pytest.raises(ConfigError, match=f"{name} cannot be set here: "):
        load(overrides=[f"kafka.{option}"])


@pytest.mark.parametrize(
    "option",
    [
        f"kafka.sasl.password={HIDDEN}",
        f"kafka.ssl.key.password={HIDDEN}",
        f"kafka.ssl.key.pem={HIDDEN}",
        f"kafka.sasl.oauthbearer.client.secret={HIDDEN}",
        f"kafka.sasl.oauthbearer.assertion.private.key.passphrase={HIDDEN}",
        f"kafka.sasl.oauthbearer.config=principal={HIDDEN}",
        f"schema_registry_url=https://user:{HIDDEN}@registry.example:8081/path",
    ],
)
def test_a_secret_is_never_shown(option: str) -> None:
    """`config show` has stars where a secret is."""
    shown = str(masked(load(overrides=[option])))
    assert HIDDEN not in shown
    assert "***" in shown


def test_where_the_registry_is_can_be_seen() -> None:
    """Only who asks it is hidden."""
    shown = masked(load(overrides=["schema_registry_url=http://user:pw@registry.example:8081/a@b"]))
    assert shown["schema_registry_url"] == "http://***@registry.example:8081/a@b"
    plain = masked(load(overrides=["schema_registry_url=http://registry.example/a@b"]))
    assert plain["schema_registry_url"] == "http://registry.example/a@b"
