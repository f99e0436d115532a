"""`notify test`: one sample to the receiver, and what it says."""

import json
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.cli.conftest import Run
from tests.notify.receiver import Say, receiving
from tests.notify.samples import SECRET, secret_file


def webhook(url: str, folder: Path) -> list[str]:
    words = ("notify_to=webhook", f"notify_url={url}", f"notify_secret_file={secret_file(folder, SECRET)}")
    return [part for word in words for part in ("--set", word)]


def test_a_sample_is_taken(cli: Run, tmp_path: Path) -> None:
    """It is signed as every escalation is; the answer and its time are told, status 0."""
    with receiving() as receiver:
        result = cli("notify", "test", "--level", "3", "--target", "duty", *webhook(receiver.url, tmp_path))
        assert cli("notify", "test", "--end", *webhook(receiver.url, tmp_path)).exit_code == 0
    assert result.exit_code == 0, result.stderr
    assert f"webhook at {receiver.url}: taken: HTTP 204 No Content" in result.stdout
    raised, ended = (Webhook(SECRET).verify(got.body, got.headers) for got in receiver.got)
    assert raised["id"] in result.stdout
    assert (raised["action"], ended["action"]) == ("raise", "end")
    assert raised["subject"] == ended["subject"]
    assert SECRET not in result.stdout


@pytest.mark.parametrize(
    ("answer", "came", "then"),
    [
        (Say(503), "down", "again"),
        (Say(401), "settings", "mended"),
        (Say(422), "refused", "notify-refused.md"),
    ],
)
def test_a_sample_that_is_not_taken(cli: Run, tmp_path: Path, answer: Say, came: str, then: str) -> None:
    """One attempt; what the role would do; status 1."""
    with receiving(lambda _: answer) as receiver:
        told = cli("notify", "test", *webhook(receiver.url, tmp_path))
        plain = cli("notify", "test", "--json", *webhook(receiver.url, tmp_path))
    assert told.exit_code == plain.exit_code == 1
    assert len(receiver.got) == 2
    assert f"not taken ({came}): HTTP {answer.status}" in told.stdout
    assert then in told.stdout
    found = json.loads(plain.stdout)
    assert (found["came"], found["kind"], found["receiver"]) == (came, "webhook", receiver.url)


def test_a_rehearsal_sends_nothing(cli: Run) -> None:
    """What would be posted is shown, to an Alertmanager too; nothing of the address that is secret."""
    with receiving() as receiver:
        url = receiver.url.replace("//", "//user:hidden@")
        result = cli("notify", "test", "--dry-run", "--json", "--set", f"notify_url={url}")
        words = cli("notify", "test", "--dry-run", "--set", f"notify_url={url}")
    assert result.exit_code == words.exit_code == 0, result.stderr
    assert not receiver.got
    (alert,) = json.loads(result.stdout)["body"]
    assert alert["labels"]["product"] == "notify-test"
    assert "hidden" not in result.stdout + words.stdout


def test_wrong_settings_are_named(cli: Run) -> None:
    """Without a receiver, and with a secret that is none: status 2 and the remedy."""
    result = cli("notify", "test")
    assert result.exit_code == 2
    assert "notify_url" in result.stderr
    assert "remedy" in result.stderr
