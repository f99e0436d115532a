"""The receiver that the settings name: it is told one escalation at a time, and its answer says what next.

Secrets and tokens are read for each attempt, so a new one counts at once; they and the address's own password
are in no error and no log line.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

import msgspec

from qosresolve.contracts.tmf.parts import Json
from qosresolve.errors import ConfigError
from qosresolve.notify import alertmanager, signature, webhook
from qosresolve.notify.answers import Answer, Came
from qosresolve.notify.call import Call
from qosresolve.notify.post import Client
from qosresolve.settings import Settings

JSON = "application/json"
_EXAMPLE = (
    "set QOSRESOLVE_NOTIFY_URL, e.g. http://alertmanager:9093 or https://receiver.example.com/hooks/qos"
)


class Receiver(Protocol):
    """Whoever is told."""

    def tell(self, call: Call) -> Answer:
        """Make one attempt. Raises ConfigError where a file of a secret is not to be read."""

    def shown(self, call: Call) -> bytes:
        """Return the body that would be sent."""

    def close(self) -> None:
        """Close connections."""


def receiver_for(
    settings: Settings, *, lasts_ms: int = alertmanager.FAR_MS, now: Callable[[], float] = time.time
) -> Receiver:
    """Return the receiver; `lasts_ms` is how long an alert lives that nobody ends.

    Raises ConfigError that names the setting.
    """
    address = _address(settings.notify_url)
    client = Client(settings.notify_timeout_ms / 1000, settings.notify_ca_file)
    sender = _Sender(settings, address, client)
    if settings.notify_to == "alertmanager":
        return _Alertmanager(sender, settings.notify_link, lasts_ms)
    if settings.notify_secret_file is None:
        raise ConfigError(
            "a webhook is signed, and there is no secret",
            setting="notify_secret_file",
            remedy=signature.HOW,
        )
    made = _Webhook(sender, settings, now)
    made.keys()  # a wrong file is told now, not at night
    return made


class _Sender:
    """The address without what is secret in it, and the header that says who we are."""

    def __init__(self, settings: Settings, address: SplitResult, client: Client) -> None:
        self._token_file = settings.notify_token_file
        self._own = _basic(address)
        host = address.netloc.rpartition("@")[2]
        self.client = client
        self.url = urlunsplit((address.scheme, host, address.path, address.query, ""))
        self.headers()

    def headers(self, **more: str) -> dict[str, str]:
        """Return the headers of one attempt."""
        if self._token_file is None:
            return self._own | more
        try:
            token = self._token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not ASCII"
            raise ConfigError(
                f"cannot read {self._token_file}: {why}",
                setting="notify_token_file",
                remedy="the file holds the token alone; this user has to be allowed to read it",
            ) from None
        if not token or not token.isprintable():
            raise ConfigError(
                f"{self._token_file} holds no token",
                setting="notify_token_file",
                remedy="the file holds the token alone, on one line",
            )
        return self._own | {"Authorization": f"Bearer {token}"} | more


class _Alertmanager:
    def __init__(self, sender: _Sender, template: str, lasts_ms: int) -> None:
        self._sender = sender
        self._base = sender.url.partition("?")[0].rstrip("/").removesuffix(alertmanager.ALERTS)
        self._template = template
        self._lasts_ms = lasts_ms

    def tell(self, call: Call) -> Answer:
        headers = self._sender.headers(**_traced(call))
        asked = self._sender.client.get(self._base + alertmanager.query(call), headers)
        if asked.answer.came is not Came.TAKEN:
            return asked.answer
        active = alertmanager.listed(asked.body)
        if active is None:
            return Answer(Came.SETTINGS, "it does not answer as an Alertmanager does: mend notify_url")
        posted = self._alerts(call, active)
        if not posted:  # of what is over, and it knows nothing
            return asked.answer
        headers |= {"Content-Type": JSON}
        url = self._base + alertmanager.ALERTS
        return self._sender.client.post(url, headers, msgspec.json.encode(posted)).answer

    def shown(self, call: Call) -> bytes:
        return msgspec.json.encode(self._alerts(call, ()))

    def _alerts(self, call: Call, active: Sequence[alertmanager.Known]) -> list[Json]:
        return alertmanager.alerts(call, active, self._template, self._lasts_ms)

    def close(self) -> None:
        self._sender.client.close()


class _Webhook:
    def __init__(self, sender: _Sender, settings: Settings, now: Callable[[], float]) -> None:
        self._sender = sender
        self._secret_file = settings.notify_secret_file
        self._now = now

    def keys(self) -> list[bytes]:
        return signature.secrets(self._secret_file) if self._secret_file is not None else []

    def tell(self, call: Call) -> Answer:
        body = webhook.body(call)
        headers = self._sender.headers(**_traced(call)) | {"Content-Type": webhook.CONTENT_TYPE}
        headers |= signature.signed(self.keys(), call.message_id, int(self._now()), body)
        return self._sender.client.post(self._sender.url, headers, body).answer

    def shown(self, call: Call) -> bytes:
        return webhook.body(call)

    def close(self) -> None:
        self._sender.client.close()


def place(settings: Settings) -> str:
    """Return where the receiver is, as it may be shown: without user, password and query."""
    address = urlsplit(settings.notify_url)
    return f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"


def _address(url: str) -> SplitResult:
    try:
        address = urlsplit(url)
        good = address.scheme in ("http", "https") and bool(address.hostname) and (address.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        what = "is not set" if not url else "is no address that begins with http:// or https://"
        raise ConfigError(f"the receiver's address {what}", setting="notify_url", remedy=_EXAMPLE)
    return address


def _basic(address: SplitResult) -> dict[str, str]:
    if address.username is None:
        return {}
    from urllib3.util import make_headers  # noqa: PLC0415 - an optional extra; the client has found it

    user, password = unquote(address.username), unquote(address.password or "")
    made = make_headers(basic_auth=f"{user}:{password}")
    return {"Authorization": made["authorization"]}


def _traced(call: Call) -> dict[str, str]:
    return {} if call.trace is None else {"traceparent": call.trace}
