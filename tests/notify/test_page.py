"""What docs/notify.md has a receiver do works as it stands there."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qosresolve.notify import webhook
from qosresolve.notify.signature import secrets, signed
from qosresolve.settings import Settings
from tests.notify.samples import OTHER, SECRET, call, secret_file

PAGE = (Path(__file__).parents[2] / "docs" / "notify.md").read_text(encoding="utf-8")


@pytest.fixture
def verify() -> Callable[..., dict[str, Any]]:
    """Return the function of the page's example."""
    example = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert example
    names: dict[str, Any] = {}
    exec(example[1], names)  # noqa: S102 - our own page
    found: Callable[..., dict[str, Any]] = names["escalation"]
    return found


def test_the_example_verifies(verify: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    """With either secret while it is changed; another one, another body and an old time are refused."""
    keys, body, now = secrets(secret_file(tmp_path, OTHER, SECRET)), webhook.body(call()), int(time.time())
    headers = signed(keys, "m-P1-1", now, body)
    for secret in (SECRET, OTHER):
        assert verify(secret, headers, body)["id"] == "m-P1-1"
    with pytest.raises(ValueError, match="no signature"):
        verify(f"{SECRET[:-4]}AAA=", headers, body)
    with pytest.raises(ValueError, match="no signature"):
        verify(SECRET, headers, body + b" ")
    with pytest.raises(ValueError, match="too old"):
        verify(SECRET, signed(keys, "m-P1-1", now - 301, body), body)


def test_the_page_has_every_setting() -> None:
    """And no other."""
    told = set(re.findall(r"^\| `(notify_\w+)` \|", PAGE, re.MULTILINE))
    assert told == {name for name in Settings.model_fields if name.startswith("notify_")}
