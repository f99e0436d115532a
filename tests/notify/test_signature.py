"""Signatures: the vector of Standard Webhooks' own library, that library, and against a wrong secret."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from qosresolve.errors import ConfigError
from qosresolve.notify.signature import secrets, signed
from tests.notify.samples import OTHER, SECRET, secret_file

if TYPE_CHECKING:
    from pathlib import Path

BODY = '{"price": "10 €"}'.encode()


def headers_of(folder: Path, *known: str, at_s: int | None = None) -> dict[str, str]:
    keys = secrets(secret_file(folder, *known))
    return signed(keys, "msg_1", int(time.time()) if at_s is None else at_s, BODY)


def test_the_vector_of_the_specification(tmp_path: Path) -> None:
    """The example that every library of Standard Webhooks has in its tests."""
    keys = secrets(secret_file(tmp_path, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    made = signed(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}')
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_verifies_it(tmp_path: Path) -> None:
    """With its library, and the same secret."""
    assert Webhook(SECRET).verify(BODY, headers_of(tmp_path, SECRET)) == {"price": "10 €"}


def test_a_wrong_secret_another_body_and_an_old_time_are_refused(tmp_path: Path) -> None:
    """Each of id, time, body and secret is part of it."""
    right = headers_of(tmp_path, SECRET)
    for secret, body, headers in (
        (OTHER, BODY, right),
        (SECRET, BODY + b" ", right),
        (SECRET, BODY, right | {"webhook-id": "msg_2"}),
        (SECRET, BODY, right | {"webhook-timestamp": str(int(right["webhook-timestamp"]) + 1)}),
        (SECRET, BODY, headers_of(tmp_path, SECRET, at_s=int(time.time()) - 3_600)),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)


def test_while_a_secret_is_changed_both_are_good(tmp_path: Path) -> None:
    """Two lines, two signatures: a receiver that knows either is content."""
    made = headers_of(tmp_path, OTHER, SECRET)
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(BODY, made)


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", f"{SECRET}\nx"],
)
def test_what_is_no_secret_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    """The message says which line, and how one is made, never what stands there."""
    file = tmp_path / "secrets"
    file.write_text(text)
    with pytest.raises(ConfigError, match="notify_secret_file") as refused:
        secrets(file)
    for line in text.split():
        assert line in {"x", "whsec_"} or line not in str(refused.value)
    assert "openssl rand" in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With what the system says."""
    with pytest.raises(ConfigError, match=r"nowhere: No such file"):
        secrets(tmp_path / "nowhere")
