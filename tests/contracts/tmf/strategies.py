"""Requests and journal entries as the core may make them, of any texts and instants."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from qosresolve.core import facts as f
from qosresolve.core.inputs import Cause
from qosresolve.core.requests import (
    ActivityRequest,
    Context,
    EscalationNotice,
    Request,
    SupplierRequest,
    TroubleRequest,
)
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome
from tests.contracts.strategies import IDS, INSTANTS, anything, valid

MAYBE = st.none() | INSTANTS
KINDS: tuple[type[Request], ...] = (ActivityRequest, TroubleRequest, SupplierRequest, EscalationNotice)


def requests(kind: type[Request]) -> st.SearchStrategy[Any]:
    """Return requests of a kind; what the policy keeps within bounds lies within them."""
    context = valid(Context, priority=st.integers(1, 10), escalation_level=st.integers(0, 10))
    own: dict[str, Any] = (
        {"level": st.integers(1, 10)} if kind is EscalationNotice else {"accept_by": MAYBE, "attempt": INT}
    )
    if kind is TroubleRequest:
        own["affected_services"] = st.lists(IDS, min_size=1, max_size=3).map(tuple)
    return valid(kind, context=context, due_at=MAYBE, **own)


INT = st.integers(1, 1_000)
CALL = valid(f.EscalationRaised, level=st.integers(0, 10))
FACT = st.one_of(CALL, *(anything(kind) for kind in get_args(f.Fact) if kind is not f.EscalationRaised))


def entries() -> st.SearchStrategy[f.Entry]:
    """Return entries of any facts, with any numbers in them."""
    return st.builds(
        f.Entry,
        IDS,
        anything(Cause),
        INSTANTS,
        st.sampled_from(Outcome),
        st.sampled_from(Rule),
        IDS,
        st.binary(max_size=12),
        st.lists(FACT, max_size=4).map(tuple),
    )
