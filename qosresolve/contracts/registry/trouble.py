"""What an error of the registry's client means, and what helps.

The client raises its own error for an answer of the registry, its HTTP library's for none, and whatever
comes of it for an answer that is no registry's. The client is an optional extra, so classes are told by name.
"""

from dataclasses import dataclass

from qosresolve.errors import RetriableError

BASE = (
    "set schema_registry_url to where the Confluent API begins: http://HOST:8081, for Apicurio "
    "http://HOST:8080/apis/ccompat/v7"
)
_CREDENTIALS = "put them into schema_registry_url: https://USER:PASSWORD@HOST"
_RIGHTS = "grant this user to read subjects, schemas and configs; `schemas register` writes them as well"
_ITS_LOG = "look at the registry's own log, and at its store"
_START = "start the registry, or mend schema_registry_url"
_SLOW = "look at the registry's load, and at the network in between"
_CA = "name the file of its certificate authority in SSL_CERT_FILE"


class NotARegistryError(Exception):
    """An answer that no registry gives."""


class RegistryError(RetriableError):
    """The registry could not be asked: `what` is wrong, and the `remedy`."""

    def __init__(self, where: str, trouble: "Trouble") -> None:
        """`where` is the address as it may be shown."""
        self.what = trouble.what
        self.remedy = trouble.remedy
        super().__init__(f"schema registry {where}: {trouble.what}\n  remedy: {trouble.remedy}")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and what helps; one line each."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


def explained(error: Exception) -> Trouble:
    """Return what an error of the client means."""
    status = status_of(error)
    if status:
        return _answered(status, error)
    kinds = {kind.__name__ for kind in type(error).__mro__}
    text = str(error) or type(error).__name__
    if kinds & {"TimeoutException", "TimeoutError"}:
        return Trouble(f"it does not answer in time ({text})", _SLOW)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return Trouble(f"its certificate is not trusted ({text[:200]})", _CA)
    if kinds & {"TransportError", "OSError"}:
        return Trouble(f"it does not answer ({text[:200]})", _START)
    return Trouble(f"what answers is not a schema registry ({type(error).__name__}: {text[:100]})", BASE)


def _answered(status: int, error: Exception) -> Trouble:
    said = str(getattr(error, "error_message", "") or error)[:300]
    if status == 401:
        return Trouble("it does not know who we are (HTTP 401)", _CREDENTIALS)
    if status == 403:
        return Trouble(f"we may not do this (HTTP 403: {said})", _RIGHTS)
    if status == 404 and not is_unknown(error):
        return Trouble("no schema registry answers there (HTTP 404)", BASE)
    if status == 429:
        return Trouble("it has too much to do (HTTP 429)", _SLOW)
    if status >= 500:
        return Trouble(f"it is in trouble (HTTP {status}: {said})", _ITS_LOG)
    return Trouble(f"HTTP {status}: {said}", _ITS_LOG)


def status_of(error: Exception) -> int:
    """Return the HTTP status of an answer, 0 where there was none."""
    return int(getattr(error, "http_status_code", 0))


def is_unknown(error: Exception) -> bool:
    """Tell a registry's word that it has no such thing from the 404 of a proxy or of a wrong path.

    Only the former has a code of its own, 40401 to 40408; servers behind a wrong path say 404, 0 or nothing.
    """
    code = str(getattr(error, "error_code", ""))
    return status_of(error) == 404 and len(code) == 5 and code.startswith("404")


def is_refusal(error: Exception) -> bool:
    """Tell a registry's word that it does not take a schema."""
    return status_of(error) in (409, 422)
