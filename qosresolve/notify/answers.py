"""What a receiver's answer means, and how long to wait before the next attempt. Pure."""

from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus

from qosresolve.core.record import record

FIRST_S = 0.5
MOST_TOLD_S = 600.0  # what a receiver may ask for by Retry-After


class Came(StrEnum):
    """What came of an attempt, by what happens next.

    taken     the next one
    down      the receiver is down or busy: the same again, for ever
    settings  what we were told of the receiver is wrong: the same, until somebody mends it
    refused   this one will never be taken: a dead letter, then the next one
    """

    TAKEN = "taken"
    DOWN = "down"
    SETTINGS = "settings"
    REFUSED = "refused"


@record
class Answer:
    """What came of an attempt; `what` says it in words, `wait_s` is what the receiver asks for.

    `alone`: it may be about this one only, so others are tried.
    """

    came: Came
    what: str
    wait_s: float = 0.0
    alone: bool = False


# Of the address, or of who we are: nothing else would be taken either, so nothing is buried for it.
_SETTINGS = {
    HTTPStatus.UNAUTHORIZED: "mend notify_token_file or notify_secret_file",
    HTTPStatus.FORBIDDEN: "mend notify_token_file or notify_secret_file",
    HTTPStatus.NOT_FOUND: "mend notify_url",
    HTTPStatus.METHOD_NOT_ALLOWED: "mend notify_url or notify_to",
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: "a proxy stands in between",
    HTTPStatus.GONE: "the receiver has closed this address: mend notify_url, or end this role",
    HTTPStatus.MISDIRECTED_REQUEST: "mend notify_url",
}
_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


def of_status(status: int, *, retry_after_s: float = 0.0, location: str = "") -> Answer:
    """Return what an HTTP status means."""
    said = f"HTTP {status} {_phrase(status)}".rstrip()
    if 200 <= status < 300:
        return Answer(Came.TAKEN, said)
    if status in _SETTINGS:
        return Answer(Came.SETTINGS, f"{said}: {_SETTINGS[HTTPStatus(status)]}", retry_after_s)
    if 300 <= status < 400:
        return Answer(Came.SETTINGS, f"{said} to {location or 'nowhere'}: not followed, mend notify_url")
    if status in _AGAIN or not 400 <= status < 500:
        return Answer(Came.DOWN, said, retry_after_s, alone=status == HTTPStatus.INTERNAL_SERVER_ERROR)
    return Answer(Came.REFUSED, said)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


class Wait:
    """The growing pauses of one thing that fails: half a second, then twice that, up to `most_s`.

    Random by a fifth, so that processes that failed together do not come back together.
    """

    def __init__(self, most_s: float, chance: Callable[[], float]) -> None:
        self._most_s = most_s
        self._chance = chance
        self.failures = 0
        self.until = float("-inf")

    def failed(self, now: float, told_s: float = 0.0) -> None:
        """Note a failure at an instant of a clock of the caller's, s."""
        own = min(self._most_s, FIRST_S * 2 ** min(self.failures, 30)) * (0.8 + 0.4 * self._chance())
        self.failures += 1
        self.until = now + max(own, min(told_s, MOST_TOLD_S))

    def worked(self) -> None:
        """Note that it works."""
        self.failures = 0
        self.until = float("-inf")

    def over(self, now: float) -> bool:
        """Tell whether it may be tried."""
        return now >= self.until
