"""An entry that is one sample is folded in one copy; that is what folding it step by step makes."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qosresolve.core.facts import Entry, IndicatorMeasured
from qosresolve.core.fold import evolve, fold, stamp
from qosresolve.core.inputs import Cause
from qosresolve.core.record import changed
from qosresolve.core.report import Indicator
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Outcome
from tests.contracts.strategies import anything
from tests.core.builders import Product, at


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(anything(Indicator), st.booleans(), st.booleans())
def test_one_copy(row: Indicator, known: bool, held: bool) -> None:
    """Whether its report is held or not, and its row is known or not."""
    product = Product()
    product.sample("10:00")
    case = product.case
    (report,) = case.reports
    if known:
        row = changed(row, name=report.indicators[0].name, object_id=report.indicators[0].object_id)
    fact = IndicatorMeasured(report.report_id if held else "another", row)
    cause = Cause("degradation", 0, 7, "an event")
    entry = Entry(case.product_id, cause, at("10:01"), Outcome.APPLIED, Rule.NONE, "", b"f" * 12, (fact,))
    assert fold(case, entry) == stamp(evolve(case, fact), entry)
    assert (fold(case, entry) == case) is not held
