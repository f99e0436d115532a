"""Update Customer QoS Report with Analysis Results (eTOM 1.3.8.5, level 4).

Takes first-in and ongoing findings and the root cause they name. What the cause sets going is Co-ordinate's
and Engage's business.
"""

from qosresolve.core import targets
from qosresolve.core.decision import Verdict, applied, no_op, noted
from qosresolve.core.facts import Facts, FindingRecorded, RootCauseIdentified, RootCauseRevised
from qosresolve.core.inputs import Finding
from qosresolve.core.policy import Policy
from qosresolve.core.record import changed
from qosresolve.core.report import FindingKey, Report, RootCause
from qosresolve.core.rules import Rule
from qosresolve.core.tracking import tell
from qosresolve.core.vocabulary import RootCauseKind


def found(report: Report, finding: Finding, policy: Policy, now: int) -> Verdict:
    """Return what a finding changes: identity is (source, sequence), a repeated one is a no-op."""
    if FindingKey(finding.source, finding.sequence) in report.findings:
        return no_op(Rule.FINDING_KNOWN)
    if not report.open:
        return noted(Rule.NOT_OPEN, FindingRecorded(report.report_id, finding))
    taken = targets.responded(report, policy, now) if finding.by_person else ()
    cause = _cause(report, finding, now)
    told = tell(report, f"finding: {finding.cause_kind} {finding.entity}".strip()) if cause else ()
    return applied(FindingRecorded(report.report_id, finding), *cause, *taken, *told)


def _cause(report: Report, finding: Finding, now: int) -> Facts:
    cause = RootCause(
        f"{finding.cause_kind}:{finding.entity}:{finding.source}:{finding.sequence}",
        finding.cause_kind,
        finding.entity,
        finding.party,
        finding.explains,
        finding.source,
        min(finding.at, now),
        finding.expected_at,
    )
    same = next((known for known in report.root_causes if _same(known, cause)), None)
    if same is not None:
        return _expected(report, same, cause)
    if cause.kind is RootCauseKind.UNKNOWN and report.root_causes:
        return ()  # it says nothing, so it revises nothing
    said = [known for known in report.root_causes if known.source == cause.source]
    if any(_order(known) > _order(cause) and _covered(cause, known) for known in said):
        return ()  # it comes late: its source has said something newer of it
    revised = tuple(
        RootCauseRevised(report.report_id, known.cause_id, "revised by a later finding")
        for known in said
        if _order(known) < _order(cause) and _covered(known, cause)
    )
    return (*revised, RootCauseIdentified(report.report_id, cause))


def _order(cause: RootCause) -> tuple[int, int]:
    """Return what orders the findings of one source: the time, and the source's own number in the id."""
    return cause.at, int(cause.cause_id.rpartition(":")[2])


def _expected(report: Report, known: RootCause, told: RootCause) -> Facts:
    """A cause that is known already may be told again, later, with another expected resolution."""
    if told.expected_at in (None, known.expected_at) or told.at < known.at:
        return ()
    at = told.at if told.source == known.source else known.at
    return (RootCauseIdentified(report.report_id, changed(known, at=at, expected_at=told.expected_at)),)


def _same(known: RootCause, cause: RootCause) -> bool:
    return (known.kind, known.entity, known.party) == (cause.kind, cause.entity, cause.party)


def _covered(known: RootCause, cause: RootCause) -> bool:
    """A later finding revises an earlier one of its source when it explains all that the earlier did."""
    return not cause.explains or (bool(known.explains) and set(known.explains) <= set(cause.explains))
