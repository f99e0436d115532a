"""What these credentials may do: everything that the doctor asks, and what the roles need that are named."""

from collections.abc import Iterator, Sequence

from qosresolve.kafka import denied
from qosresolve.kafka.acls import Acl, Role
from qosresolve.replay.doctor.findings import Finding, Kind, Severity, some
from qosresolve.replay.doctor.site import Site

_PAGE = "docs/runbooks/right-missing.md"
_GRANT = "qosresolve acls {role} --format kafka-acls"

OWN = Kind(
    "right-of-doctor-missing",
    Severity.WARNING,
    "the doctor may not see everything that it looks at",
    _GRANT,
    _PAGE,
)
MISSING = Kind(
    "right-missing",
    Severity.CRITICAL,
    "these credentials are a role's (`--as`) and lack rights that it needs: it stops, or cannot start",
    _GRANT,
    _PAGE,
)
OTHERS = Kind(
    "role-of-others",
    Severity.NOTE,
    "these credentials may not do what that role needs; that is as it should be, unless it runs with them "
    "(look with `--as` then)",
    "",
    _PAGE,
)


def rights(site: Site) -> Iterator[Finding]:
    """May these credentials do what they have to?"""
    return lacking({role: _missing(site, role) for role in Role}, site.roles)


def _missing(site: Site, role: Role) -> Sequence[Acl]:
    try:
        denied.check(site.settings, [role])
    except denied.DeniedError as error:
        return error.missing
    return ()


def lacking(missing: dict[Role, Sequence[Acl]], ours: Sequence[Role]) -> Iterator[Finding]:
    """Judge what each role lacks; `ours` are those that use these credentials."""
    for role, acls in missing.items():
        if acls:
            kind = MISSING if role in ours else OWN if role is Role.DOCTOR else OTHERS
            names = {f"{' and '.join(acl.operations)} on {acl.name}" for acl in acls}
            yield kind.found(f"role {role}", f"not allowed: {some(names)}", role=role)
