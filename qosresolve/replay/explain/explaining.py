"""A report, or a product without one, explained from its journal and the policies alone. Pure.

`explain` and `explain_product` take the entries of one product in their order (those that control its
partition may lie between them) and every policy by its hash.
"""

from collections.abc import Iterable, Mapping

from qosresolve.core.facts import Entry, PolicyActivated, ReportOpened
from qosresolve.core.policy import Policy, UnknownPolicyError
from qosresolve.replay.explain.clocks import clock_stories
from qosresolve.replay.explain.history import History
from qosresolve.replay.explain.messages import messages
from qosresolve.replay.explain.model import Explanation, Silence, UnprovableError
from qosresolve.replay.explain.quiet import quiet
from qosresolve.replay.explain.taken import unapplied
from qosresolve.replay.explain.unopened import unopened, waited
from qosresolve.replay.explain.waits import waits
from qosresolve.replay.explain.withheld import withheld
from qosresolve.replay.explain.work import work_stories

Known = Mapping[str, Policy]


def explain(
    product_id: str, report_id: str, entries: Iterable[Entry], policies: Known, at: int | None = None
) -> Explanation:
    """Return why everything about a report is as it is, as of an instant; of None, of the last input.

    Raises UnprovableError where the journal lacks the report's opening, UnknownPolicyError where the policy
    that it pinned is not known.
    """
    history = History(product_id, entries, at)
    report = history.report(report_id)
    policy = _known(policies, report.policy)
    zone = policy.calendar_of(report).zone
    since, until = history.spanning(report_id)
    before = tuple(item for item in waited(history, policy, zone, since) if _leads_to(history, item, since))
    silences = (
        *before,
        *withheld(history, report, policy),
        *quiet(history, report, policy),
        *_pinned(history, policy.hash),
    )
    return Explanation(
        product_id, report_id, history.at, zone, policy.hash, policy.name, str(report.status),
        clock_stories(history, report, policy),
        work_stories(history, report, policy),
        waits(history, report, policy),
        messages(history, report, policy),
        silences,
        unapplied(history.entries, since, until),
        tuple(history.opened),
    )  # fmt: skip


def _leads_to(history: History, item: Silence, opened: int) -> bool:
    """Leave out what was said of the product before an earlier report ended."""
    earlier = [
        moment.entry.now
        for moment in history.moments
        if isinstance(moment.fact, ReportOpened) and moment.entry.now < opened
    ]
    return item.origin is not None and item.origin.at > max(earlier, default=-1)


def explain_product(
    product_id: str, entries: Iterable[Entry], policies: Known, at: int | None = None
) -> Explanation:
    """Return why a product has no report open: its watch, and the inputs that opened nothing.

    Raises UnprovableError where nothing was journalled of it by then, UnknownPolicyError where the policy
    that was in force is not known.
    """
    history = History(product_id, entries, at)
    if not history.entries:
        raise UnprovableError(f"unprovable: nothing was journalled of product {product_id} by then")
    policy = _known(policies, history.entries[-1].policy)
    zone = policy.calendar(policy.default_tier, "").zone
    stands = unopened(history, policy, zone)
    opened = history.case.open
    if opened is not None:
        text = f"report {opened.report_id} is open: a product has one at a time"
        stands = (*stands, Silence("open", text, opened.opened_at))
    elif not stands:
        stands = (Silence("open", "nothing is bad and nothing is remembered", history.at),)
    return Explanation(
        product_id, "", history.at, zone, policy.hash, policy.name, "open" if opened else "no open report",
        silences=(*waited(history, policy, zone), *stands),
        inputs=unapplied(history.entries),
        reports=tuple(history.opened),
    )  # fmt: skip


def _known(policies: Known, name: str) -> Policy:
    if name not in policies:
        raise UnknownPolicyError(name)
    return policies[name]


def _pinned(history: History, pinned: str) -> Iterable[Silence]:
    """Yield the policies that were activated since and do not touch this report."""
    for entry in history.control:
        for fact in entry.facts:
            if isinstance(fact, PolicyActivated) and fact.policy != pinned:
                text = f"policy {fact.policy[:12]} was activated: for new reports, this one keeps its own"
                yield Silence("policy", text, entry.now)
