"""Repair: a report that is not what its journal says is set to it, by an order that carries the right one.

Whoever orders it has folded the journal. The owner's own state may be right, while something else was written
over it, or wrong, restored from that; it is set to what the order says only if it is one of the two: so
nothing that happened since the fold is lost. The fact carries the report, and folding it gives just that.
"""

from hashlib import blake2b

from qosresolve.core.case import Case
from qosresolve.core.decision import Verdict, applied, refused
from qosresolve.core.facts import ReportRepaired
from qosresolve.core.inputs import Command, Input, Repair
from qosresolve.core.policy import Policies
from qosresolve.core.record import changed
from qosresolve.core.report import Report
from qosresolve.core.rules import Rule
from qosresolve.core.vocabulary import Verb

DIGEST_BYTES = 16
UNREADABLE = b"?"  # in place of a digest: what lay there was no report, so nobody can hold it


def digest(report: Report | None) -> bytes:
    """Return the hash of a report by value, empty for none. It changes with the release that makes it."""
    return b"" if report is None else blake2b(repr(report).encode(), digest_size=DIGEST_BYTES).digest()


def mends(body: Input) -> bool:
    """Tell whether an input is such an order: it sets nothing else going."""
    return isinstance(body, Command) and body.verb is Verb.REPAIR


def aside(case: Case, body: Input) -> Case:
    """Return a case without the report that is to be repaired: its instants are not to be believed."""
    report_id = getattr(body, "report_id", "")
    return changed(case, reports=tuple(item for item in case.reports if item.report_id != report_id))


def repaired(case: Case, order: Command, policies: Policies, now: int) -> Verdict:
    """Return what the order does, or the rule that refuses it. A role has to be listed for it."""
    repair = order.repair
    if order.role not in policies.active.roles.get(Verb.REPAIR, ()):
        return refused(Rule.ROLE_NOT_ALLOWED)
    if repair is None or not order.report_id or not _fits(repair.report, case, order, policies, now):
        return refused(Rule.BAD_VALUE)
    if not _known(repair, case.report(order.report_id)):
        return refused(Rule.CHANGED_SINCE)
    if repair.report is not None and repair.report.open and aside(case, order).open is not None:
        return refused(Rule.OTHER_OPEN)
    return applied(ReportRepaired(order.report_id, repair.report, order.actor, order.reason))


def _fits(right: Report | None, case: Case, order: Command, policies: Policies, now: int) -> bool:
    """Only what can be held is taken: under its own name, by a policy that is known, of no later time."""
    return right is None or (
        (right.product_id, right.report_id) == (case.product_id, order.report_id)
        and right.policy in policies.known
        and right.updated_at <= now
    )


def _known(repair: Repair, held: Report | None) -> bool:
    return held == repair.report or digest(held) == repair.found
