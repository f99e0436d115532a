"""One HTTP request, and what its answer means. Nothing here raises for what a receiver does.

urllib3 and not `http.client`: connections that are kept and seen to be dropped, one limit for connecting and
reading, the certificate's host compared, `Retry-After` in both of its forms. Not `httpx`: a role is a thread,
nothing here is asynchronous, and urllib3 brings no other package with it.
"""

import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING

from qosresolve import __version__
from qosresolve.core.record import record
from qosresolve.errors import ConfigError
from qosresolve.notify.answers import Answer, Came, of_status

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

MOST_BYTES = 1_048_576  # of an answer that is looked at
LEFT_BYTES = 65_536  # of one that is not: read so that the connection can be used again


@record
class Reply:
    """What came of a request, and the body of an answer that was asked for."""

    answer: Answer
    body: bytes = b""


class Client:
    """Speaks to one host; to be used by one thread. Redirects are not followed."""

    def __init__(self, timeout_s: float, ca_file: Path | None) -> None:
        try:
            import urllib3  # noqa: PLC0415 - an optional extra
        except ImportError:
            raise ConfigError(
                "the HTTP client is not installed (urllib3 is missing)",
                setting="notify_url",
                remedy="install qosresolve[notify]",
            ) from None
        self._http = urllib3
        self._timeout_s = timeout_s
        self._pool = urllib3.PoolManager(
            num_pools=1,
            timeout=urllib3.Timeout(total=timeout_s),
            retries=False,
            ssl_context=_context(ca_file),
        )

    def close(self) -> None:
        """Close the connection."""
        self._pool.clear()

    def get(self, url: str, headers: dict[str, str]) -> Reply:
        """Ask for something."""
        return self._send("GET", url, headers, None)

    def post(self, url: str, headers: dict[str, str], body: bytes) -> Reply:
        """Send something."""
        return self._send("POST", url, headers, body)

    def _send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Reply:
        errors = self._http.exceptions
        own = {"User-Agent": f"qosresolve/{__version__}", **headers}
        try:
            response = self._pool.request(
                method, url, body=body, headers=own, redirect=False, preload_content=False
            )
            return self._reply(method, response)
        except errors.SSLError as error:
            return Reply(_untrusted(error))
        except errors.NewConnectionError as error:  # which is a kind of the next
            return Reply(Answer(Came.DOWN, f"cannot connect: {_last(error)}"))
        except errors.TimeoutError:
            return Reply(Answer(Came.DOWN, f"no answer within {self._timeout_s:g} s"))
        except errors.LocationValueError:
            return Reply(Answer(Came.SETTINGS, "no address: mend notify_url"))
        except (errors.HTTPError, OSError) as error:
            return Reply(Answer(Came.DOWN, f"the connection broke: {type(error).__name__}"))

    def _reply(self, method: str, response: "BaseHTTPResponse") -> Reply:
        """Read an answer, within the time and size that one may take."""
        end = time.monotonic() + self._timeout_s
        wanted = method == "GET" and response.status == 200
        most = MOST_BYTES if wanted else LEFT_BYTES
        got = bytearray()
        while len(got) <= most and (part := response.read(16_384)):
            got += part
            if time.monotonic() > end:
                break
        else:
            if len(got) <= most:
                response.release_conn()
                return Reply(self._meant(response), bytes(got) if wanted else b"")
        response.close()
        if wanted:
            return Reply(Answer(Came.DOWN, f"an answer of more than {most} bytes or {self._timeout_s:g} s"))
        return Reply(self._meant(response))

    def _meant(self, response: "BaseHTTPResponse") -> Answer:
        location = response.headers.get("Location", "").partition("?")[0]
        return of_status(
            response.status,
            retry_after_s=self._asked(response.headers.get("Retry-After")),
            location=ascii(location[:200]) if location else "",
        )

    def _asked(self, value: str | None) -> float:
        """Return how many seconds a receiver asks us to wait: a number, or a date."""
        if not value:
            return 0.0
        try:
            return float(self._http.Retry().parse_retry_after(value))
        except (self._http.exceptions.InvalidHeader, ValueError, OverflowError):
            return 0.0


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # an SSLError is one
        raise ConfigError(
            f"cannot read the authorities in {ca_file}: {error.strerror or 'no certificates in PEM'}",
            setting="notify_ca_file",
            remedy="name a file with the certificates of the authorities that sign the receiver's, in PEM",
        ) from None


def _untrusted(error: Exception) -> Answer:
    """A certificate that is not to be trusted is for somebody to mend; a handshake that broke off passes."""
    inner = next((arg for arg in error.args if isinstance(arg, ssl.SSLCertVerificationError)), None)
    if inner is None and "CERTIFICATE_VERIFY_FAILED" not in str(error):
        return Answer(Came.DOWN, "the TLS handshake broke off")
    why = inner.verify_message if inner is not None else "it was not verified"
    return Answer(
        Came.SETTINGS, f"the receiver's certificate is not to be trusted ({why}): mend it, or notify_ca_file"
    )


def _last(error: Exception) -> str:
    """Return what the system said, without our own address in front."""
    cause = error.__cause__
    return (cause.strerror if isinstance(cause, OSError) and cause.strerror else "") or type(error).__name__
