"""What a tool is told by a registry, and how it tells it apart from what is none."""

from collections.abc import Callable, Iterator

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient

from qosresolve.contracts.registry.client import Answer, Registry
from qosresolve.contracts.registry.trouble import RegistryError, explained
from tests.registry.faulty import Faulty


@pytest.fixture
def front() -> Iterator[Faulty]:
    """Nothing real is behind it."""
    with Faulty() as made:
        yield made


@pytest.fixture
def registry(front: Faulty) -> Iterator[Registry]:
    """What tools ask with."""
    client = SchemaRegistryClient({"url": front.url, "max.retries": 0, "timeout": 5})
    with Registry(client, "http://***@registry") as made:
        yield made


def test_a_refusal_comes_with_the_registrys_words(registry: Registry, front: Faulty) -> None:
    """Confluent's registry says several things, Apicurio's one; all are kept."""
    front.fault = "refusal"
    assert registry.test("a/b-value", '"string"', 3) == Answer(
        compatible=False, words="no default: x; {oldSchemaVersion: 1}"
    )
    assert front.asked == ["POST /compatibility/subjects/a%2Fb-value/versions/3?normalize=false&verbose=true"]


def test_what_is_not_there_is_an_answer(registry: Registry, front: Faulty) -> None:
    """No subject has no versions; every other trouble names the address, as it may be shown, and a remedy."""
    front.fault = "forgot"
    assert registry.versions("s") == []
    assert registry.version_of("s", '"string"') == 0
    for ask in (lambda: registry.text("s", 1), lambda: registry.set_level("s", "FULL")):
        with pytest.raises(RegistryError, match=r"^schema registry http://\*\*\*@registry: ") as raised:
            ask()
        assert raised.value.remedy


@pytest.mark.parametrize("fault", ["empty", "list", "page"])
def test_an_answer_of_another_shape_is_none(registry: Registry, front: Faulty, fault: str) -> None:
    """Whatever is asked, something else listens there; nothing of it is taken for an id or a version."""
    front.fault = fault
    asked: list[Callable[[], object]] = [
        lambda: registry.text("s", 1),
        lambda: registry.version_of("s", '"string"'),
        lambda: registry.level("s"),
        lambda: registry.register("s", '"string"'),
    ]
    for ask in asked:
        with pytest.raises(RegistryError, match="what answers is not a schema registry"):
            ask()


def test_a_certificate_that_nobody_trusts_is_named() -> None:
    """It is no outage that passes."""
    trouble = explained(OSError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"))
    assert trouble.what.startswith("its certificate is not trusted")
    assert "SSL_CERT_FILE" in trouble.remedy
