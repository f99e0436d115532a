"""Attempts against a real HTTP server on this machine: what comes back, and what is never told."""

from __future__ import annotations

import json
import ssl
import sys
import time
from typing import TYPE_CHECKING

import pytest
import trustme
from standardwebhooks import Webhook

from qosresolve.errors import ConfigError
from qosresolve.notify.answers import Answer, Came
from qosresolve.notify.receivers import place, receiver_for
from qosresolve.settings import masked
from tests.notify.receiver import Receiver, Say, receiving
from tests.notify.samples import OTHER, SECRET, TRACE, call, secret_file, settings
from tests.support.kafka_broker import LOOPBACK, free_port

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "canary-password"  # noqa: S105 - of nothing


def webhook_to(url: str, folder: Path, *more: str) -> Answer:
    """Make one attempt."""
    wanted = ("notify_to=webhook", f"notify_url={url}", f"notify_secret_file={secret_file(folder, SECRET)}")
    receiver = receiver_for(settings(*wanted, *more))
    try:
        return receiver.tell(call())
    finally:
        receiver.close()


def test_a_webhook_is_posted_signed(tmp_path: Path) -> None:
    """One request, with the headers that a receiver needs; its library is content."""
    with receiving() as receiver:
        assert webhook_to(f"{receiver.url}?key=1", tmp_path) == Answer(Came.TAKEN, "HTTP 204 No Content")
    (got,) = receiver.got
    assert (got.method, got.path) == ("POST", "/hook?key=1")
    assert got.headers["content-type"] == "application/cloudevents+json; charset=UTF-8"
    assert got.headers["webhook-id"] == "m-P1-1"
    assert got.headers["traceparent"] == TRACE
    assert got.headers["user-agent"].startswith("qosresolve/")
    assert Webhook(SECRET).verify(got.body, got.headers)["id"] == "m-P1-1"


def test_a_new_secret_counts_at_once(tmp_path: Path) -> None:
    """The file is read for each attempt: it is changed without a restart."""
    file = secret_file(tmp_path, SECRET)
    with receiving() as receiver:
        wanted = ("notify_to=webhook", f"notify_url={receiver.url}", f"notify_secret_file={file}")
        teller = receiver_for(settings(*wanted))
        teller.tell(call())
        secret_file(tmp_path, OTHER, SECRET)
        teller.tell(call())
        file.unlink()
        with pytest.raises(ConfigError, match="notify_secret_file"):
            teller.tell(call())
        teller.close()
    before, after = receiver.got
    Webhook(SECRET).verify(before.body, before.headers)
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(after.body, after.headers)
    assert before.headers["webhook-id"] == after.headers["webhook-id"]


def test_who_we_are_is_told_and_not_shown(tmp_path: Path) -> None:
    """A token in a file, or a user in the address; neither is in what people see of the settings."""
    token = tmp_path / "token"
    token.write_text("abc.def\n")
    with receiving() as receiver:
        webhook_to(receiver.url, tmp_path, f"notify_token_file={token}")
        webhook_to(receiver.url.replace("//", f"//us%40er:{PASSWORD}@"), tmp_path)
    bearer, basic = (got.headers["authorization"] for got in receiver.got)
    assert bearer == "Bearer abc.def"
    assert basic == "Basic dXNAZXI6Y2FuYXJ5LXBhc3N3b3Jk"
    known = settings(f"notify_url=https://user:{PASSWORD}@host:1/hook?key={PASSWORD}")
    assert place(known) == "https://host:1/hook"
    assert masked(known)["notify_url"] == "https://***@host:1/hook?***"


def test_a_retry_after_is_heard(tmp_path: Path) -> None:
    """As a number and as a date; nonsense is no answer."""
    from email.utils import formatdate  # noqa: PLC0415

    said = iter(["7", formatdate(time.time() + 100, usegmt=True), "soon", "99999999999999999999"])
    with receiving(lambda _: Say(429, {"Retry-After": next(said)})) as receiver:
        number, date, nonsense, large = (webhook_to(receiver.url, tmp_path) for _ in range(4))
    assert number == Answer(Came.DOWN, "HTTP 429 Too Many Requests", 7.0)
    assert 90 < date.wait_s <= 100
    assert nonsense.wait_s == 0
    assert large.wait_s > 600


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    """It is said where it leads, without the query, which may hold a secret."""
    with receiving() as other:
        answer = Say(307, {"Location": f"{other.url}?token={PASSWORD}"})
        with receiving(lambda _: answer) as receiver:
            found = webhook_to(receiver.url, tmp_path)
    assert found.came is Came.SETTINGS
    assert f"'{other.url}'" in found.what
    assert PASSWORD not in found.what
    assert not other.got


def test_nobody_there_no_answer_and_half_an_answer_are_down(tmp_path: Path) -> None:
    """Each passes by itself: the same again. No wait is longer than its limit."""
    nobody = webhook_to(f"http://{LOOPBACK}:{free_port()}/", tmp_path)
    assert nobody == Answer(Came.DOWN, "cannot connect: Connection refused")
    with receiving(lambda _: Say(hang_s=30)) as receiver:
        began = time.monotonic()
        late = webhook_to(receiver.url, tmp_path, "notify_timeout_ms=200")
        assert time.monotonic() - began < 5
    assert late == Answer(Came.DOWN, "no answer within 0.2 s")
    with receiving(lambda _: Say(drop=True)) as receiver:
        broken = webhook_to(receiver.url, tmp_path)
    assert broken.came is Came.DOWN
    assert "broke" in broken.what


def test_a_long_answer_is_left(tmp_path: Path) -> None:
    """Nobody makes us read for ever; its status counts."""
    with receiving(lambda _: Say(200, body=b"x" * 10_000_000)) as receiver:
        assert webhook_to(receiver.url, tmp_path).came is Came.TAKEN


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    """Return an authority, and the file of its certificate."""
    made = trustme.CA()
    file = tmp_path / "ca.pem"
    made.cert_pem.write_to_path(file)
    return made, file


def tls(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_a_certificate_is_held_to_its_authority_and_host(
    authority: tuple[trustme.CA, Path], tmp_path: Path
) -> None:
    """Ours is taken; one of nobody, and one of another host, are for somebody to mend: nothing is sent."""
    made, file = authority
    with receiving(tls=tls(made, LOOPBACK)) as receiver:
        assert webhook_to(receiver.url, tmp_path, f"notify_ca_file={file}").came is Came.TAKEN
        assert len(receiver.got) == 1
        stranger = webhook_to(receiver.url, tmp_path)
        assert len(receiver.got) == 1
    with receiving(tls=tls(made, "receiver.example.com")) as receiver:
        misnamed = webhook_to(receiver.url, tmp_path, f"notify_ca_file={file}")
        assert not receiver.got
    for answer in (stranger, misnamed):
        assert answer.came is Came.SETTINGS
        assert "certificate is not to be trusted" in answer.what
        assert "notify_ca_file" in answer.what
    assert "IP address mismatch" in misnamed.what


@pytest.mark.parametrize(
    ("wanted", "setting"),
    [
        ((), "notify_url"),
        (("notify_url=alertmanager:9093",), "notify_url"),
        (("notify_url=http://",), "notify_url"),
        (("notify_url=http://host:port",), "notify_url"),
        (("notify_to=webhook", "notify_url=http://host"), "notify_secret_file"),
        (("notify_url=http://host", "notify_token_file=/nowhere/token"), "notify_token_file"),
        (("notify_url=https://host", "notify_ca_file=/nowhere/ca"), "notify_ca_file"),
        (("notify_url=https://host", "notify_ca_file=/etc/hostname"), "notify_ca_file"),
    ],
)
def test_wrong_settings_are_told_at_the_start(wanted: tuple[str, ...], setting: str) -> None:
    """Each by its name, with a remedy."""
    with pytest.raises(ConfigError, match=setting) as refused:
        receiver_for(settings(*wanted))
    assert refused.value.remedy


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The HTTP client comes with `qosresolve[notify]`; whoever tells nobody needs none."""
    monkeypatch.setitem(sys.modules, "urllib3", None)
    with pytest.raises(ConfigError, match=r"install qosresolve\[notify\]"):
        receiver_for(settings("notify_url=http://host"))


def alertmanager(known: list[object]) -> Receiver:
    """Return a server that lists some alerts, and takes all."""
    body = json.dumps(known).encode()
    return Receiver(lambda got: Say(200, body=body if got.method == "GET" else b""))


def test_an_alertmanager_is_asked_then_told() -> None:
    """Below whatever path it has; also where the whole path was given."""
    receiver = alertmanager([])
    receiver.start()
    try:
        for path in ("", "/", "/am", "/am/", "/am/api/v2/alerts"):
            base = f"http://{LOOPBACK}:{receiver.port}{path}"
            teller = receiver_for(settings(f"notify_url={base}"))
            assert teller.tell(call()).came is Came.TAKEN
            teller.close()
    finally:
        receiver.stop()
    asked, told = receiver.got[0::2], receiver.got[1::2]
    assert {got.method for got in asked} == {"GET"}
    assert [got.path for got in told] == ["/api/v2/alerts"] * 2 + ["/am/api/v2/alerts"] * 3
    assert {got.headers["content-type"] for got in told} == {"application/json"}


def test_what_does_not_answer_as_an_alertmanager_is_no_alertmanager() -> None:
    """A page of HTML with status 200 takes no escalation."""
    with receiving(lambda _: Say(200, body=b"<html>")) as receiver:
        teller = receiver_for(settings(f"notify_url=http://{LOOPBACK}:{receiver.port}"))
        answer = teller.tell(call())
        teller.close()
    assert answer.came is Came.SETTINGS
    assert len(receiver.got) == 1
