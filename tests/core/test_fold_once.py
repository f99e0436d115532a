"""An entry that is one sample is folded in one copy; that is what folding it step by step makes."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qosresolve.core.case import Case
from qosresolve.core.facts import Entry, IndicatorMeasured
from qosresolve.core.fold import evolve, fold, stamp
from qosresolve.core.record import changed
from qosresolve.core.report import Indicator, Report
from tests.contracts.strategies import anything

CASES = anything(Case)
SAMPLES = st.builds(
    lambda fact, entry: changed(entry, facts=(fact,)), anything(IndicatorMeasured), anything(Entry)
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(CASES, SAMPLES, st.data())
def test_one_copy(case: Case, entry: Entry, data: st.DataObject) -> None:
    """Whether its report is held or not, and its row is known or not."""
    (fact,) = entry.facts
    assert isinstance(fact, IndicatorMeasured)
    if case.reports and data.draw(st.booleans()):
        report = data.draw(st.sampled_from(case.reports))
        fact = changed(fact, report_id=report.report_id, indicator=_row(fact.indicator, report, data))
        entry = changed(entry, facts=(fact,))
    assert fold(case, entry) == stamp(evolve(case, fact), entry)


def _row(row: Indicator, report: Report, data: st.DataObject) -> Indicator:
    if not report.indicators:
        return row
    known = data.draw(st.sampled_from(report.indicators))
    return changed(row, name=known.name, object_id=known.object_id)
