"""One request of each kind, for tests and for the page."""

from qosresolve.core.inputs import Cause
from qosresolve.core.requests import (
    CATEGORY,
    TICKET_TYPE,
    Action,
    ActivityRequest,
    Context,
    EscalationNotice,
    SupplierRequest,
    TroubleRequest,
)
from qosresolve.core.vocabulary import ClockName, Jeopardy, NodeKind, Severity

NOW = 1_772_445_600_250
CAUSE = Cause("qos.degradation.v1", 3, 42, "monitor|a-1|raise|7")
CONTEXT = Context("m-1", "prod/1", "r-1", "cust-1", "gold", Severity.WARNING, 2, 4, "plan", "h", NOW, CAUSE)
DUE = NOW + 3_600_000
TROUBLE = TroubleRequest(
    CONTEXT,
    Action.REQUEST,
    "o-1",
    "svc-1",
    "key",
    1,
    CATEGORY,
    "latency 180ms",
    DUE,
    None,
    ("svc-1", "svc-2"),
)
SUPPLIER = SupplierRequest(
    CONTEXT, Action.REQUEST, "o-1", "carrier", "noc", "cpe-7", 1, TICKET_TYPE, "loss 3%", DUE, None
)
ACTIVITY = ActivityRequest(
    CONTEXT, Action.REQUEST, "o-1", "analyse", NodeKind.ANALYSIS, "noc", "", 1, DUE, NOW, ("latency", "loss")
)
NOTICE = EscalationNotice(CONTEXT, True, "e-1", 3, Jeopardy.AT_RISK, ClockName.RESTORE, DUE, "duty")
