"""Service assurance, simulated: analyses, mends services and resources, verifies, and improves.

It reads activity and trouble requests and answers on their status topics. What it finds is the cast's truth;
where a supplier did not mend in time it finds a way around it.
"""

from collections import Counter
from collections.abc import Callable

from qosresolve.core.inputs import Finding
from qosresolve.core.requests import ActivityRequest, TroubleRequest
from qosresolve.core.vocabulary import NodeKind, RootCauseKind
from qosresolve.demo.agenda import Agenda
from qosresolve.demo.cast import Product, Temper, Truth, known
from qosresolve.demo.desk import PACES, Desk, Pace
from qosresolve.demo.post import Outbox, wall_ms
from qosresolve.topics import ACTIVITY_STATUS, TROUBLE_STATUS

SOURCE = "qos-analysis"
_FIRST = "first-analysis"
_PACE = {
    NodeKind.ANALYSIS: Pace(accept=0.6, resolve=1.2),
    NodeKind.VERIFICATION: Pace(accept=0.3, resolve=0.6),
    NodeKind.IMPROVEMENT: Pace(accept=0.8, resolve=4.0),
}


class ServiceAssurance:
    """Both desks of service assurance."""

    def __init__(
        self,
        agenda: Agenda,
        post: Outbox,
        products: dict[str, Product],
        mended: Callable[[Product], None],
        first: int = 0,
    ) -> None:
        self._products = products
        self._mended = mended
        self._activities = Desk(agenda, post, ACTIVITY_STATUS)
        self._troubles = Desk(agenda, post, TROUBLE_STATUS)
        self._first = first  # findings are numbered from there on
        self._analyses: Counter[str] = Counter()  # of each report

    def trouble(self, request: TroubleRequest) -> None:
        """Take a service trouble request; resolving it mends the product."""
        product = known(self._products, request.context.product_id)
        around = product.temper is Temper.SILENT  # only the silent supplier's product comes here so
        pace = PACES[Temper.PROMPT if around else product.temper]
        self._troubles.take(request, pace, done=lambda: self._mended(product))

    def activity(self, request: ActivityRequest) -> None:
        """Take an activity: an analysis ends with a finding, other work mends or only ends."""
        product = known(self._products, request.context.product_id)
        if request.node == _FIRST:
            pace = PACES[Temper.SILENT] if product.analysis is Temper.SILENT else _PACE[NodeKind.ANALYSIS]
            self._activities.take(request, pace, finding=lambda: self._find(product, request))
        elif request.kind in (NodeKind.VERIFICATION, NodeKind.IMPROVEMENT):
            self._activities.take(request, _PACE[request.kind])
        else:
            self._activities.take(request, PACES[product.temper], done=lambda: self._mended(product))

    def _find(self, product: Product, request: ActivityRequest) -> Finding:
        """Return the truth; the second time, for a supplier that does not answer, a way around it."""
        report = request.context.report_id
        self._analyses[report] += 1
        truth = found(product, self._analyses[report])
        return Finding(
            source=SOURCE,
            sequence=self._first + self._analyses.total(),
            at=wall_ms(),
            cause_kind=truth.kind,
            entity=truth.entity,
            party=truth.party,
            text=f"root cause {truth.kind} at {truth.entity or 'nothing found'}",
        )


def found(product: Product, attempt: int) -> Truth:
    """Return what the analysis of that number finds."""
    stuck = product.truth.kind is RootCauseKind.SUPPLIER and product.temper is Temper.SILENT
    if attempt > 1 and stuck:
        return Truth(RootCauseKind.SERVICE, f"detour-of-{product.service_id}")
    return product.truth
