"""Escalations, secrets and settings for the tests of what tells of them."""

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

from qosresolve.contracts.tmf.edge import Edge
from qosresolve.core.requests import EscalationNotice
from qosresolve.core.vocabulary import Jeopardy
from qosresolve.notify.call import Call, from_notice
from qosresolve.settings import Settings, load
from tests.contracts.tmf.samples import NOTICE, NOW

EDGE = Edge("v4", "operator-1")
SECRET = f"whsec_{b64encode(b'0' * 32).decode()}"
OTHER = f"whsec_{b64encode(b'1' * 32).decode()}"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def notice(
    number: int = 1, *, product: str = "P1", raised: bool = True, **changes: object
) -> EscalationNotice:
    """Return an escalation of a product's one report; ids follow from the number."""
    context = replace(
        NOTICE.context,
        message_id=f"m-{product}-{number}",
        product_id=product,
        report_id=f"r-{product}",
        at=NOW + number,
        reason="the restore target is breached",
    )
    made = replace(NOTICE, context=context, raised=raised, escalation_id=f"e-{product}-{number}")
    return replace(made, **changes)  # type: ignore[arg-type]


def ended(number: int, of: int, product: str = "P1") -> EscalationNotice:
    """Return the end of an escalation, as the core writes it: it calls nobody, and has no clock any more."""
    made = notice(number, product=product, raised=False, due_at=None, target="", jeopardy=Jeopardy.NONE)
    return replace(made, escalation_id=f"e-{product}-{of}")


def call(number: int = 1, **changes: object) -> Call:
    """Return what is told of one."""
    return from_notice(notice(number, **changes), EDGE, TRACE)  # type: ignore[arg-type]


def secret_file(folder: Path, *secrets: str) -> Path:
    """Write a file of secrets."""
    file = folder / "secrets"
    file.write_text("".join(f"{item}\n" for item in secrets), encoding="utf-8")
    return file


def settings(*more: str) -> Settings:
    """Return settings of a receiver."""
    return load(overrides=more)
