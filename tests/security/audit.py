"""What the broker's authorizer was asked, and by which ACL it allowed it: its own log, read back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LINE = re.compile(
    r"Principal = (?P<principal>\S+) is (?P<outcome>Allowed|Denied) operation = (?P<operation>\w+) .* "
    r"on resource = (?P<resource>\w+):\w+:(?P<name>\S+) for request = (?P<request>\w+)"
)
_RULE = re.compile(
    r"resourceName=(?P<name>[^,]*), patternType=(?P<pattern>\w+),.* operation=(?P<operation>\w+)"
)

Right = tuple[str, str, str]  # kind of resource, name as in the ACL, operation


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the authorizer; `right` is the ACL that allowed it."""

    principal: str
    allowed: bool
    operation: str
    resource: str
    name: str
    request: str
    rule: tuple[str, str]

    @property
    def right(self) -> Right:
        """The ACL that allowed it."""
        return (self.resource, *self.rule)

    @property
    def own(self) -> bool:
        """True where it was used for what it says: Read and Write allow Describe along.

        Nor does it count that a client asked what it may do, instead of doing it.
        """
        return self.rule[1] == self.operation and (self.request != "Metadata" or self.operation == "DESCRIBE")


class Audit:
    """The authorizer's log from a moment on."""

    def __init__(self, log_file: Path) -> None:
        self._log_file = log_file
        self._from = log_file.stat().st_size

    def asked(self, principal: str) -> Iterator[Asked]:
        """Yield what somebody was asked for since then."""
        with self._log_file.open(errors="replace") as log:
            log.seek(self._from)
            for line in log:
                found = _LINE.search(line) if f"Principal = {principal} " in line else None
                if found is not None:
                    rule = _RULE.search(line)
                    yield Asked(
                        principal,
                        found["outcome"] == "Allowed",
                        found["operation"],
                        found["resource"],
                        found["name"],
                        found["request"],
                        (rule["name"], rule["operation"]) if rule else ("", ""),
                    )
